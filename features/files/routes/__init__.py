"""Routes of stored files."""
