"""Temporary folders that are gone in the end, also when the process that made one was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "bellwether-tmp-"


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder, to be used with `with`. Its name has the process's id."""
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")


def remove_folders_of(process_id: int) -> None:
    """Remove what a process that has ended could not remove itself."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}{process_id}-*"):
        shutil.rmtree(folder, ignore_errors=True)
