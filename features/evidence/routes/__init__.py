"""The HTTP routes of evidence."""
