"""Compression of answers by Flask-Compress, for clients that accept it."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress

from utils.api_utils import PROBLEM_TYPE

COMPRESSED_TYPES = ["application/json", PROBLEM_TYPE, "text/csv", "text/css", "text/html", "text/javascript", "text/plain", "image/svg+xml"]
ALGORITHMS = ["zstd", "br", "gzip"]
MIN_BYTES = 1_000
_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$", re.IGNORECASE)


class _Compression(Compress):
    """Flask-Compress with three corrections."""

    def after_request(self, response: Any) -> Any:
        if response.direct_passthrough:
            # A file: browsers cache it, so compressing it each time costs more than it saves, and the library would not close it.
            return response
        if isinstance(response, Response) and not response.is_streamed and not response.data:
            return response  # without a body: the library would add one of twenty bytes
        response = super().after_request(response)
        if response.is_streamed and "ETag" in response.headers and "If-None-Match" in request.headers:
            response.make_conditional(request)  # compared again, because the library has added the algorithm to the tag
        return response


def register_compression(app: Flask) -> None:
    """Compress answers of `COMPRESSED_TYPES` from `MIN_BYTES` on, streams included.

    `text/event-stream` is not among the types: an event must not wait until a block is full.
    """
    app.config.update(
        COMPRESS_MIMETYPES=COMPRESSED_TYPES,
        COMPRESS_MIN_SIZE=MIN_BYTES,
        COMPRESS_ALGORITHM=ALGORITHMS,
        COMPRESS_ALGORITHM_STREAMING=ALGORITHMS,
        COMPRESS_ZSTD_LEVEL=1,  # compresses JSON as well as the default 3, in a third of the time
        COMPRESS_LEVEL=4,  # gzip's default takes twice as long for a few percent
    )
    _Compression(app)

    @app.before_request
    def drop_refused_encodings() -> None:
        # The library reads `gzip;q=0`, a refusal, as the lowest preference, and `*` as every algorithm, refused ones included.
        header = request.environ.get("HTTP_ACCEPT_ENCODING", "")
        if "=0" in header:
            request.environ["HTTP_ACCEPT_ENCODING"] = ",".join(accepted_encodings(header))


def accepted_encodings(header: str) -> list[str]:
    """The parts of an Accept-Encoding header without the refused encodings; `*` becomes the algorithms that remain."""
    parts = [part.strip().lower() for part in header.split(",")]
    refused = {part.split(";")[0] for part in parts if _REFUSED.search(part)}
    remaining = ",".join(name for name in ALGORITHMS if name not in refused)
    return [remaining if part == "*" else part for part in parts if part.split(";")[0] not in refused]
