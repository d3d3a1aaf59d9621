"""Hides Rich from the servers of the tests: this module is found first and raises, because production does not have Rich.

structlog imports Rich where it is installed, which takes an eighth of the start of a worker.
"""

raise ModuleNotFoundError("No module named 'rich'", name="rich")
