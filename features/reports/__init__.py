"""Excel reports of stored results and prices."""
