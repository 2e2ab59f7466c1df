"""Tests of the documents: the instructions of a page work."""
