"""The tickers that an organization follows, and their overview."""
