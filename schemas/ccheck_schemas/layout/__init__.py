"""The tree of a schema: its nodes, sizes and types, and what lint refuses."""
