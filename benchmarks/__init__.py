"""Measures Bellwether and its peers: `make bench`, or `python -m benchmarks [GROUP …]` for some groups only."""
