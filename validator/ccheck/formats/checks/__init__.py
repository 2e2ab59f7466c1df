"""The checks that every format has."""
