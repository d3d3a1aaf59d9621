"""Pipelines: declared steps of capabilities, their runs with a trace, and the workflows that start them."""
