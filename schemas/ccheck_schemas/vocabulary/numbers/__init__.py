"""Numbers: integers with their meanings, digits, facts of driver builds, and numbers that take no bytes."""
