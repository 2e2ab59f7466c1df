"""Devicetrees, asked for properties by path."""
