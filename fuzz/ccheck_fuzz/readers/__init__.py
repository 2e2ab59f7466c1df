"""What reads content as a driver does: the reference interpreter, users' functions and programs."""
