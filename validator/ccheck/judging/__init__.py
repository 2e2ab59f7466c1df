"""One file judged: read by its schema, checked, reported."""
