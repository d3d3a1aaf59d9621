"""News: feeds of an organization, read while it sleeps, and what they tell about its tickers."""
