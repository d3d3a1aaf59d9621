"""Bellwether beside its peers: `make bench`, or `python -m benchmarks [GROUP …]` for some groups only."""
