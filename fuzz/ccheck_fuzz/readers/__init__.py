"""Readers of content: the reference interpreter, users' functions and programs."""
