"""The processes that search, and what they report."""
