"""The checks of channel files."""
