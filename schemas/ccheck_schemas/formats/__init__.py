"""One folder for each format."""
