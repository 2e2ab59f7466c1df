"""Looks for what the validator missed: properties of any bytes, held against files."""
