"""Macroeconomic series: uploaded, or fetched from a provider; and the regime that three votes make."""
