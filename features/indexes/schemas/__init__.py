"""Schemas of the indexes."""
