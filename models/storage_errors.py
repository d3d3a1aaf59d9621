"""Errors of the storage of files."""

from __future__ import annotations

from models.errors import BellwetherError, NotFound


class StorageAway(BellwetherError):
    """The storage of files does not take or give files right now. Nothing was stored; try again in a moment."""

    code = "unavailable"

    def __init__(self, message: str | None = None, reason: str | None = None) -> None:
        """`reason` is the storage's own word for why, for operators."""
        self.reason = reason
        super().__init__(message)


class FileDamaged(Exception):
    """A stored file does not have the content that was written. An error of the storage, so it is none of the request."""


class FileNotKept(NotFound):
    """The file is kept no longer."""


class ObjectMissing(Exception):
    """There is no object under a key."""
