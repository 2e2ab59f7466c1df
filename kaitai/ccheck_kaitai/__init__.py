"""Kaitai Struct descriptions into schema files: read, translate, write, and name what is left out."""
