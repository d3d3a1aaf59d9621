"""A module named pandas that raises on import: the service is measured as in production, where pandas is not installed.

TA-Lib imports pandas when it is installed and then checks every call for pandas arguments. Both cost time and memory that the service
does not pay. The environment of the benchmarks has pandas for the peers, so this module comes before it on the path.
"""

raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
