"""The HTTP schemas of portfolios."""
