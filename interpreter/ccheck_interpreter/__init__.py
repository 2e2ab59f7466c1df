"""What a driver would do with the file: an independent reading of the same bytes on checked memory."""
