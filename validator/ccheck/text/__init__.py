"""Text that people write and read: TOML, YAML, JSON, and words that are safe to show."""
