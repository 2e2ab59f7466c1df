"""Native programs as readers: run within limits, and their reports understood."""
