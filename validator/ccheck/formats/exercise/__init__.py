"""Files in the reference interpreter: what all formats have in common."""
