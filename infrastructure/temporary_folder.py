"""Temporary folders that are removed even when the process that made one is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "bellwether-tmp-"


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder, as a context manager. The process's id is in its name."""
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")


def remove_folders_of(process_id: int) -> None:
    """Remove the folders that a dead process left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}{process_id}-*"):
        shutil.rmtree(folder, ignore_errors=True)
