"""A process that is gone between two statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

import database


class Killed(BaseException):
    """The process is gone: nothing is caught."""


@contextmanager
def killed_at(number: int) -> Iterator[list[int]]:
    """Raise before the statement of this number, counted from 1; 0 for none. Yields a list whose length is the number of statements."""
    seen: list[int] = []

    def count(*_: Any) -> None:
        seen.append(len(seen))
        if len(seen) == number:
            raise Killed

    engine = database.current().engine()
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", count)
