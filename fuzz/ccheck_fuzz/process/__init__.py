"""The processes that run files: begun, bounded, watched, and ended with all that they started."""
