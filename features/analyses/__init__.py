"""Analyses of one ticker at once or of many as a job, and their stored results."""
