"""The engine: price arrays in, explained results out. README.md says what this package may import."""
