"""The HTTP schemas of evidence."""
