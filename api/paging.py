"""Cursors: the position at the end of a page, signed, so that forged cursors are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from itsdangerous import BadData, URLSafeSerializer

from api.services import services
from utils.api_utils import ApiError

Item = TypeVar("Item")


class CursorSigner:
    """Signs cursors with the service's secret, which is read at the first use."""

    def __init__(self, secret_key: Callable[[], str]) -> None:
        self._read_secret_key = secret_key
        self._serializer: URLSafeSerializer | None = None

    def serializer(self) -> URLSafeSerializer:
        """The serializer, made once."""
        if self._serializer is None:
            self._serializer = URLSafeSerializer(self._read_secret_key(), salt="cursor")
        return self._serializer


def read_cursor(cursor: str | None, scope: Sequence[Any]) -> list[Any] | None:
    """The position in a cursor; None without a cursor.

    `scope` is the list and its filters; a cursor of another scope is refused. Raises ApiError validation_error.
    """
    if cursor is None:
        return None
    try:
        cursor_scope, position = services().cursors.serializer().loads(cursor)
    except (BadData, ValueError, TypeError) as error:
        raise _refusal(
            "The cursor cannot be read. Send next_cursor of the page before as it is, or leave it out to begin again."
        ) from error
    if cursor_scope != list(scope):
        raise _refusal("The cursor is of another list or of other filters. Leave it out to begin again.")
    values: list[Any] = position
    return values


def page(rows: list[Item], limit: int, scope: Sequence[Any], position: Callable[[Item], list[Any]]) -> tuple[list[Item], str | None]:
    """The items of one page and the cursor of the next, from up to limit + 1 rows."""
    if len(rows) <= limit:
        return rows, None
    items = rows[:limit]
    cursor = services().cursors.serializer().dumps([list(scope), position(items[-1])])
    return items, cursor if isinstance(cursor, str) else cursor.decode()


def _refusal(message: str) -> ApiError:
    return ApiError(422, "validation_error", message, [{"field": "cursor", "message": message}])
