"""What a campaign shows while it runs, and at its end."""
