"""The tree of a schema: its kinds of nodes, sizes and types, and what lint refuses."""
