"""The record of verdicts: what followed them, on a ticker and over a universe, and what following them would have earned."""
