"""Numbers for the worker processes of a server: each has the lowest that is free, and gives it back when it ends.

Loaded by gunicorn's master, and so loads next to nothing itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def shared_folder(data_dir: Path, port: int) -> Path:
    """Where the workers of a server share files that they map: in memory where there is such a place, since a full disk would kill them."""
    memory = Path("/dev/shm")  # noqa: S108  # nosec B108  # the name has the user and the port, and the folder is this user's alone
    if os.access(memory, os.W_OK | os.X_OK):
        return memory / f"bellwether-{os.getuid()}-{port}"
    return data_dir.absolute() / "server" / str(port)


def make_empty(folder: Path) -> None:
    """Make a folder for what the slots share, without what a server before left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def lowest_free(taken: Iterable[int]) -> int:
    """The lowest number from 0 that is not taken."""
    used = set(taken)
    return next(number for number in range(len(used) + 1) if number not in used)


def forget_gauges(folder: Path, slot: int) -> None:
    """Remove what the process in a slot showed of itself, now that it has ended. What it counted stays."""
    for path in folder.glob(f"gauge_live*_{slot}.db"):
        # The server goes on, whatever becomes of a file.
        with suppress(OSError):
            path.unlink()
