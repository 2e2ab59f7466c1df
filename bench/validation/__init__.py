"""The measurements of `bench/validate.py`."""
