"""The HTTP routes of macroeconomic series."""
