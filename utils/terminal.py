"""Progress on a terminal; silent elsewhere, so that logs stay readable."""

from __future__ import annotations

import sys
from types import TracebackType

WIDTH = 40  # characters


class ProgressBar:
    """A progress bar on stderr up to `total`, as a context manager."""

    def __init__(self, total: int) -> None:
        self._total = max(total, 1)
        self._is_watched = sys.stderr.isatty()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._is_watched:
            sys.stderr.write("\n")
            sys.stderr.flush()

    def show(self, done: int) -> None:
        """Show the progress."""
        if self._is_watched:
            filled = WIDTH * done // self._total
            sys.stderr.write(f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done:,}/{self._total:,}")
            sys.stderr.flush()
