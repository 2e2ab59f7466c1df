"""What a campaign remembers, in one SQLite file, and the lock on its folder."""
