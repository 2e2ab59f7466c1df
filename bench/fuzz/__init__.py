"""What fuzzing costs and finds, measured."""
