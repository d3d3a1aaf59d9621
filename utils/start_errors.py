"""Explains to operators why the service or a command does not start."""

from __future__ import annotations

import errno

from sqlalchemy import exc

from utils.database_errors import explanation_of, reason_of

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)


def explain(error: Exception) -> str:
    """The error in one line: what is wrong, what to do, and the system's reason.

    For errors of the database and of files; of any other error, its message.
    """
    if isinstance(error, exc.SQLAlchemyError):
        explanation = explanation_of(error)
        return " ".join(filter(None, (explanation.found, explanation.remedy, f"(The reason: {reason_of(error)})")))
    if isinstance(error, OSError) and error.errno is not None:
        return f"{error.filename or 'A file'} cannot be used: {error.strerror}. {_remedy(error.errno)}"
    return str(error)


def _remedy(number: int) -> str:
    if number in NO_SPACE:
        return "Make room on its disk, or set DATA_DIR (and DATABASE_URL) to another."
    if number in NO_RIGHT:
        return "Give it to the account that the service runs as, or set DATA_DIR (and DATABASE_URL) to a place that can be written to."
    return "See DATA_DIR and DATABASE_URL."
