"""Flattened devicetrees."""
