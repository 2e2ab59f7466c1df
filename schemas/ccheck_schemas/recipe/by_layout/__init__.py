"""Recipes of any schema: its records as mappings, by its layout alone.

* `describe` writes all that a file says.
* `compose` builds bytes, and works out what a recipe leaves out: counts, lengths, offsets, sizes, checksums,
  constants, reserved numbers and padding.
* `written` says what of a recipe may be left out.
"""
