"""Helpers of the tests of full disks: a small file system, and a file size limit that needs no privileges."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

MEGABYTE = 1_000_000


class SmallDisk:
    """A separate file system in memory that can be filled up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filling = folder / "filling"

    def fill(self) -> None:
        """Use up all free space."""
        descriptor = os.open(self._filling, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (65_536, 4096, 1):
                _write_until_refused(descriptor, bytes(size))
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Free the space again."""
        self._filling.unlink()


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mount a file system of this size that every user may read. Skips the test where nothing can be mounted."""
    place = Path(tempfile.mkdtemp(prefix="bellwether-disk-"))
    place.chmod(0o755)
    try:
        mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(place))
        try:
            yield SmallDisk(place)
        finally:
            # Lazily: a file that a test has left open must not make the unmount fail.
            subprocess.run(["umount", "--lazy", str(place)], check=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def mount(*arguments: str) -> None:
    """Mount a file system, or skip the test where that is not allowed."""
    if shutil.which("mount") is None:
        pytest.skip("there is no mount program here")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@contextmanager
def no_file_may_grow(processes: Collection[psutil.Process], limit: int = 4096) -> Iterator[None]:
    """Limit the files that these processes write to `limit` bytes each, during the block. Further writes fail."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    try:
        for process in processes:
            process.rlimit(psutil.RLIMIT_FSIZE, (limit, hard))
        yield
    finally:
        for process in processes:
            process.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))


def _write_until_refused(descriptor: int, block: bytes) -> None:
    try:
        while True:
            os.write(descriptor, block)
    except OSError:
        return
