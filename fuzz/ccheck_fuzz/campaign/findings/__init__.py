"""Findings, from the first input to a folder that people can read and run."""
