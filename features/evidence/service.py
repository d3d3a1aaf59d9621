"""Finds or computes the record of a strategy's verdicts."""
