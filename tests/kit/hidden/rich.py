"""Stands in for Rich in the servers of the tests: found first, it refuses to be imported, as in production, which does not have it.

structlog imports it where it finds it, which takes an eighth of the start of a worker.
"""

raise ModuleNotFoundError("No module named 'rich'", name="rich")
