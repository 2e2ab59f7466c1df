"""Wireless regulatory databases."""
