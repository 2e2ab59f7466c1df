"""Looks for what the validator missed: checks properties on any bytes."""
