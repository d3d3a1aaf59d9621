"""The SQL of portfolios."""
