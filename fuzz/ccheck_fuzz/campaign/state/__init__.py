"""What a campaign stores, in one SQLite file, and the lock on its folder."""
