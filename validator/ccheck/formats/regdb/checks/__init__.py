"""The checks of wireless regulatory databases."""
