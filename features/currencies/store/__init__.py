"""SQL of the currencies feature."""
