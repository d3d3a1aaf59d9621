"""What the watchlist takes and answers over HTTP."""
