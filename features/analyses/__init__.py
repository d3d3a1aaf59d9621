"""Verdicts: one ticker at once, many as a job, and the results that are stored."""
