"""Excel reports of what is stored."""
