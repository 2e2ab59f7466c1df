"""The signed verdict of a gate: stated, sealed, and verified."""
