"""Strict validation of content before a kernel driver reads it."""

__version__ = "0.1.0"
