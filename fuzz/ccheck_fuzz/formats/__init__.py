"""The parts of single formats: events generated from their files."""
