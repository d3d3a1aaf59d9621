"""The SQL of analyses: results, and the failures that stand where a result should."""
