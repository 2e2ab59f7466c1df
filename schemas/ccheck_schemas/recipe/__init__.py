"""Content as YAML, and back to bytes."""
