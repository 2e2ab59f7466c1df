"""Measures the costs and findings of fuzzing."""
