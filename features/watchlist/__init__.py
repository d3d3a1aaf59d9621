"""The tickers that an organization follows, and the overview of them."""
