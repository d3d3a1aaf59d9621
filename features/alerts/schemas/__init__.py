"""Schemas of alerts and their rules."""
