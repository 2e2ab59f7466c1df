"""The reader's handlers: one function for each kind of node."""
