"""Temporary folders that are removed even when the process that created them is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "bellwether-tmp-"


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder, for use with `with`. Its name contains the id of the process."""
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")


def remove_folders_of(process_id: int) -> None:
    """Remove the folders that an ended process has left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}{process_id}-*"):
        shutil.rmtree(folder, ignore_errors=True)
