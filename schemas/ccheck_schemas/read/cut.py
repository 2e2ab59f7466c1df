"""Bytes that end before what a schema reads there."""

from __future__ import annotations


class Cut(Exception):
    """The bytes end here: abandon the record, go on where its parent can."""
