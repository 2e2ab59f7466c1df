"""Files that a search begins with, files made smaller, and findings that are kept and run again."""
