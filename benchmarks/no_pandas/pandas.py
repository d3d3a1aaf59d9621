"""Stands in for pandas where the service is measured as in production, which does not have it: found first, it refuses to be imported.

TA-Lib imports pandas where it finds it and then looks at every call for pandas arguments. Both cost time and memory that the service
does not pay, but the environment of the benchmarks has pandas for the peers.
"""

raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
