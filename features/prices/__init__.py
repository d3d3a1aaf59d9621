"""Daily prices: their providers, storage and quality."""
