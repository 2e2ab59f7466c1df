"""Programs that are written from a schema: `python` accepts a file, and `c` does so inside a driver."""
