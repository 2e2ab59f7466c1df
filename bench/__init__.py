"""Measurements, for people to run; nothing here is a test."""
