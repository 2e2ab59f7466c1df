"""What `bench/validate.py` measures, and with what."""
