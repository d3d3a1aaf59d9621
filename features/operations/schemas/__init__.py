"""The HTTP schemas of operations."""
