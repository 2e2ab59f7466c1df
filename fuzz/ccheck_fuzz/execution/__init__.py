"""One run of an input: its context, the harness, and a process of its own."""
