"""The parts of single formats: events generated from their files, and the checks of their driver contract."""
