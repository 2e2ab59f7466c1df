"""Tests of the documents: what a page tells a reader to do, works."""
