"""What `bench.validate` measures, and with what."""
