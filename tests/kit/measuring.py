"""Selects the tests that coverage.py measures, and measures the processes that they start.

On Python 3.11, measurement makes Python code slower by two thirds, and each start of a process by a quarter of a second. So only the
first case of each test function is measured, on each engine: the other cases run the same code with other values. Lines that only they
reach count as not covered, so the figure is never too high.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from coverage import Coverage

VARIABLE = "COVERAGE_PROCESS_CONFIG"  # with it, coverage.py measures a Python process from its start
# These tests kill processes, whose measurements are lost, or run a browser and a server, which is slow and sensitive to timing.
UNMEASURED = ("chaos", "browser")


class Measuring:
    """A plugin that pauses the measurement during the tests that are not measured."""

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
    """If this run is measured (`make coverage`), choose the tests, and measure the processes that they start, too."""
    measurement = Coverage.current()
    if measurement is None:
        return
    config.pluginmanager.register(Measuring(measurement))
    start = subprocess.Popen.__init__

    def start_measured(self: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
        # Most tests pass a complete environment, which lacks the variable.
        if options.get("env") is not None and VARIABLE in os.environ:
            options["env"] = {VARIABLE: os.environ[VARIABLE], **options["env"]}
        start(self, *arguments, **options)

    subprocess.Popen.__init__ = start_measured  # type: ignore[method-assign]
