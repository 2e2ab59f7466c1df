"""What a corpus reaches, by plain replay."""
