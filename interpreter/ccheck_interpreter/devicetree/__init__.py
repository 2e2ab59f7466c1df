"""Devicetrees, queried for properties by path."""
