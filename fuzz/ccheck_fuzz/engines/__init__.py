"""What leads a search by what runs reach."""
