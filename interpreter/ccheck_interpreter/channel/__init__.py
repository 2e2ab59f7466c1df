"""Channel files, loaded and evaluated."""
