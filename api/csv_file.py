"""Lists as CSV files, for clients that prefer CSV to JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import Response, request

from api.schemas import CSV
from utils.api_utils import streamed_response

# Windows opens the device for any name that has it before the first dot: there is a ticker CON.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def wants_csv() -> bool:
    """Whether the `Accept` header prefers CSV to JSON."""
    return request.accept_mimetypes.best_match(["application/json", CSV]) == CSV


def csv_response(pieces: Iterable[bytes], name: str) -> Response:
    """A streamed CSV file that browsers save under `name`, with an underscore before a name that Windows takes for a device."""
    if _DEVICE.match(name):
        name = f"_{name}"
    return streamed_response(pieces, f"{CSV}; charset=utf-8", {"Content-Disposition": f'attachment; filename="{name}"'})
