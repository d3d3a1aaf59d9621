"""Keeps the garbage collector away from what the tests have loaded."""

from __future__ import annotations

import gc
from collections.abc import Generator
from typing import Any

import pytest

from infrastructure.garbage import loading

EVERY = 50  # tests


class Freezing:
    """A plugin that sets apart what lives on: the collected tests, and the modules that they load one after another.

    The collector would traverse a million objects again and again, which takes a fifth of the time of the tests. What a test leaves is
    collected as ever.
    """

    def __init__(self) -> None:
        self._tests = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, Any, Any]:
        with loading():
            return (yield)

    def pytest_runtest_logfinish(self) -> None:
        if self._tests % EVERY == 0:
            gc.collect()
            gc.freeze()
        self._tests += 1
