"""Written by `generate` for the built-in schemas; `python -m tests.generated` renews it."""
