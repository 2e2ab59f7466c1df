"""Faults planted in the interpreters and validators, and how soon searches find them."""
