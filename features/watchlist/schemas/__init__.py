"""The HTTP schemas of the watchlist."""
