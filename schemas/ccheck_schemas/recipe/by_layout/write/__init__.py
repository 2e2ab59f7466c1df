"""Write the bytes of a recipe once, by its layout: one module for each kind of node."""
