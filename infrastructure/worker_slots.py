"""Slots: the numbers of a server's worker processes. Each worker has the lowest free number until it ends.

gunicorn's master loads this module, so it imports little: a reload (HUP) does not renew what the master has imported.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def shared_folder(data_dir: Path, port: int) -> Path:
    """The folder of the files that a server's workers map: in /dev/shm if possible, because a full disk kills a process that maps one."""
    shm = Path("/dev/shm")  # noqa: S108  # nosec B108  # the name has the user and the port, and the folder is this user's alone
    if os.access(shm, os.W_OK | os.X_OK):
        return shm / f"bellwether-{os.getuid()}-{port}"
    return data_dir.absolute() / "server" / str(port)


def make_empty(folder: Path) -> None:
    """Create the folder that the slots share, without the files of an earlier server."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def lowest_free(taken: Iterable[int]) -> int:
    """The lowest number, from 0, that is not in `taken`."""
    taken = set(taken)
    return next(number for number in range(len(taken) + 1) if number not in taken)


def forget_gauges(folder: Path, slot: int) -> None:
    """Remove the live gauges of a slot whose process has ended. Its counters stay."""
    for path in folder.glob(f"gauge_live*_{slot}.db"):
        # A file that cannot be removed must not stop the server.
        with suppress(OSError):
            path.unlink()
