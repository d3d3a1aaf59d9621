"""The SQL of analyses: results, the latest ones and their screener, and the failures that stand where a result should."""
