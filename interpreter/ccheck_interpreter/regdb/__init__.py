"""Regulatory databases, asked for countries."""
