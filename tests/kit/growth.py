"""Checks, by counting steps, that work grows in proportion to its input: ten times the input takes about ten times the steps."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

SIZES = (300, 3_000, 30_000)
MOST_A_CHARACTER = 200  # steps at the smallest size, which detects work that is expensive at every size
MOST_GROWTH = 15  # for ten times the input; quadratic work takes a hundred times the steps


def budget(size: int, steps_before: int | None) -> int:
    """How many steps a size may take, given the steps of a tenth of the size."""
    return MOST_A_CHARACTER * size if steps_before is None else MOST_GROWTH * max(steps_before, SIZES[0])


def lines_of(work: Callable[[], object]) -> int:
    """The number of Python lines and calls that the work runs, including those of libraries."""
    count = 0

    def trace(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event in ("line", "call")
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(former)
    return count


def check_growth(work: Callable[[int], Callable[[], object]]) -> None:
    """Fail when work of ten times the size takes more than fifteen times the lines."""
    before = None
    for size in SIZES:
        lines = lines_of(work(size))
        for _ in range(2):
            if lines > budget(size, before):  # perhaps with finalizers of what earlier tests left, which run whenever garbage is collected
                lines = min(lines, lines_of(work(size)))
        assert lines <= budget(size, before), f"{lines} lines for {size} characters, {before} for a tenth of them"
        before = lines
