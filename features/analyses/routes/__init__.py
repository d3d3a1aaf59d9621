"""The HTTP routes of analyses."""
