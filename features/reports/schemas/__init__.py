"""Schemas of reports."""
