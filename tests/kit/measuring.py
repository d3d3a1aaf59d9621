"""Which tests are measured by coverage.py, and how the processes that they start are.

On Python 3.11 measuring makes Python code slower by two thirds, and each start of a process by a quarter of a second. So only the first
case of each test function is measured, on each engine: the other cases run the same code with other values. What only they reach is
missing from the figure, never the other way round.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from coverage import Coverage

VARIABLE = "COVERAGE_PROCESS_CONFIG"  # by it coverage.py measures a Python process from its start
# They kill processes, whose measurements are lost, or run a browser beside a server: slow already, and sensitive to time.
UNMEASURED = ("chaos", "browser")


class Measuring:
    """A plugin that switches a running measurement off for the tests that are left out."""

    def __init__(self, measurement: Coverage) -> None:
        self._measurement = measurement
        self._measured: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self._measured = {item.nodeid for item in first_cases(items) if item.path.parent.name not in UNMEASURED}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if item.nodeid in self._measured:
            return (yield)
        with self._paused():
            return (yield)

    @contextmanager
    def _paused(self) -> Iterator[None]:
        value = os.environ.pop(VARIABLE, None)
        self._measurement.stop()
        try:
            yield
        finally:
            self._measurement.start()
            if value is not None:
                os.environ[VARIABLE] = value


def first_cases(items: list[pytest.Item]) -> list[pytest.Item]:
    """The first case of each test function on each engine."""
    cases: dict[tuple[object, ...], pytest.Item] = {}
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        cases.setdefault((item.path, getattr(item, "originalname", item.name), parameters.get("engine")), item)
    return list(cases.values())


def measure(config: pytest.Config) -> None:
    """Where this run is measured (`make test`), choose the tests, and measure the processes that they start as well."""
    measurement = Coverage.current()
    if measurement is None:
        return
    config.pluginmanager.register(Measuring(measurement))
    start = subprocess.Popen.__init__

    def start_measured(self: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
        # Most tests give a process an environment of its own.
        if options.get("env") is not None and VARIABLE in os.environ:
            options["env"] = {VARIABLE: os.environ[VARIABLE], **options["env"]}
        start(self, *arguments, **options)

    subprocess.Popen.__init__ = start_measured  # type: ignore[method-assign]
