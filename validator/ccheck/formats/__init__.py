"""The formats that ccheck judges: one folder for each, and what they have in common."""
