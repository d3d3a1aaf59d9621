"""Lists as CSV files, for clients that prefer CSV to JSON."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, request

from api.schemas import CSV
from utils.api_utils import streamed_response


def wants_csv() -> bool:
    """Whether the `Accept` header prefers CSV to JSON."""
    return request.accept_mimetypes.best_match(["application/json", CSV]) == CSV


def csv_response(pieces: Iterable[bytes], name: str) -> Response:
    """A streamed CSV file that browsers save under `name`."""
    return streamed_response(pieces, f"{CSV}; charset=utf-8", {"Content-Disposition": f'attachment; filename="{name}"'})
