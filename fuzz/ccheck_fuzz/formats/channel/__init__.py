"""Channel files."""
