"""The HTTP schemas of analyses."""
