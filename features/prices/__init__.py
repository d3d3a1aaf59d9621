"""Daily prices: where they come from, how they are stored, and what to know of their quality."""
