"""The HTTP routes of operations."""
