"""The evening run: prices, analyses and one message, set up in one go."""
