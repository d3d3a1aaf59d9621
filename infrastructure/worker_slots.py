"""Slots of a server's worker processes: each worker has the lowest free number, and its metrics files in a shared folder.

Imported by gunicorn's master process, so it imports little itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def shared_folder(data_dir: Path, port: int) -> Path:
    """The folder of the workers' memory-mapped files: in memory if possible, since a write to a map on a full disk kills the process."""
    memory = Path("/dev/shm")  # noqa: S108  # nosec B108  # the name has the user and the port, and the folder is this user's alone
    if os.access(memory, os.W_OK | os.X_OK):
        return memory / f"bellwether-{os.getuid()}-{port}"
    return data_dir.absolute() / "server" / str(port)


def make_empty(folder: Path) -> None:
    """Create the shared folder, without the files of an earlier server."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def lowest_free(taken: Iterable[int]) -> int:
    """The lowest number from 0 that is not taken."""
    used = set(taken)
    return next(number for number in range(len(used) + 1) if number not in used)


def forget_gauges(folder: Path, slot: int) -> None:
    """Remove the gauges of an ended process; its counters stay."""
    for path in folder.glob(f"gauge_live*_{slot}.db"):
        with suppress(OSError):  # the server continues without the removal
            path.unlink()
