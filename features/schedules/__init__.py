"""Schedules: what is done when by itself, and the ledger of every due time."""
