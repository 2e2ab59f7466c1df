"""How the reader walks: what every node needs, and a function for each kind of node."""
