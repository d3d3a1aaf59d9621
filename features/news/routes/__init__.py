"""The HTTP routes of news."""
