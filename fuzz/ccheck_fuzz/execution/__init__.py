"""One input, run: what it is judged by and run with, the harness, and a process of its own."""
