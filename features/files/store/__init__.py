"""SQL of stored files."""
