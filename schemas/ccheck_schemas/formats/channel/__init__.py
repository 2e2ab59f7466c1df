"""Channel files: template types, and instances of them."""
