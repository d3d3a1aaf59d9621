"""The HTTP routes of the watchlist."""
