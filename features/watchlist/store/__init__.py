"""The SQL of the watchlist and of its overview."""
