"""Strategies: the built-in ones, and those that organizations store, in versions."""
