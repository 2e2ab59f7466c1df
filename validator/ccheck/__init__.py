"""Strict validation of content before a kernel driver reads it."""
