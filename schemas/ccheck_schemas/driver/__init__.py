"""Facts out of a driver's own binary: the record that a call site leaves there, and the header for it."""
