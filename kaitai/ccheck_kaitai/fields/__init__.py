"""Attributes of a description as nodes of a schema, in Python: no key is dropped silently."""
