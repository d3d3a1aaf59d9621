"""SQL of the tables of news."""
