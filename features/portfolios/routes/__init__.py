"""The HTTP routes of portfolios."""
