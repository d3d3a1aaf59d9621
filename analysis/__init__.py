"""The engine: price arrays in, explained results out. See README.md for what may not enter here."""
