"""What only one format has: the events that its files call for, and the checks of its driver contract."""
