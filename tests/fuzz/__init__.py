"""Tests of what looks for escapes."""
