"""The checks of flattened devicetrees."""
