"""The Construct nodes that schemas are written with, beside Construct's own."""
