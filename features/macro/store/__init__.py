"""SQL of the tables of macroeconomic series."""
