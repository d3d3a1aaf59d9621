"""Numbers for the worker processes of a server: each has the lowest that is free, and gives it back when it ends.

Loaded by gunicorn's master, and so loads next to nothing itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path


def make_empty(folder: Path) -> None:
    """Make a folder for what the slots share, without what a server before left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def lowest_free(taken: Iterable[int]) -> int:
    """The lowest number from 0 that is not taken."""
    used = set(taken)
    return next(number for number in range(len(used) + 1) if number not in used)


def forget_gauges(folder: Path, slot: int) -> None:
    """Remove what the process in a slot showed of itself, now that it has ended. What it counted stays."""
    for path in folder.glob(f"gauge_live*_{slot}.db"):
        path.unlink(missing_ok=True)
