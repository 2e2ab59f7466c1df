"""Properties of any bytes, and what breaks them."""
