"""Compression of answers by Flask-Compress, for clients that accept it."""

from __future__ import annotations

import re

from flask import Response
from flask_compress import Compress

from api.application import Application
from api.request_state import StatefulRequest
from utils.api_utils import PROBLEM_TYPE

COMPRESSED_TYPES = ["application/json", PROBLEM_TYPE, "text/csv", "text/css", "text/html", "text/javascript", "text/plain", "image/svg+xml"]
ALGORITHMS = ["zstd", "br", "gzip"]
MIN_BYTES = 1_000
_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$", re.IGNORECASE)


def register_compression(app: Application) -> None:
    """Compress answers of `COMPRESSED_TYPES` from `MIN_BYTES` on, streams included.

    `text/event-stream` is not among the types: an event must not wait until a block is full.
    """
    app.config.update(
        COMPRESS_REGISTER=False,
        COMPRESS_MIMETYPES=COMPRESSED_TYPES,
        COMPRESS_MIN_SIZE=MIN_BYTES,
        COMPRESS_ALGORITHM=ALGORITHMS,
        COMPRESS_ALGORITHM_STREAMING=ALGORITHMS,
        COMPRESS_ZSTD_LEVEL=1,  # compresses JSON as well as the default 3, in a third of the time
        COMPRESS_LEVEL=4,  # gzip's default takes twice as long for a few percent
    )
    library = Compress(app)

    def drop_refused_encodings(request: StatefulRequest) -> None:
        # The library reads `gzip;q=0`, a refusal, as the lowest preference, and `*` as every algorithm, refused ones included.
        header = request.environ.get("HTTP_ACCEPT_ENCODING", "")
        if "=0" in header:
            request.environ["HTTP_ACCEPT_ENCODING"] = ",".join(accepted_encodings(header))

    def compress(request: StatefulRequest, response: Response) -> Response:
        if response.direct_passthrough:
            # A file: browsers cache it, so compressing it each time costs more than it saves, and the library would not close it.
            return response
        if response.is_sequence and not any(response.response):
            return response  # without a body: the library would add one of twenty bytes
        request.state.varies_by_encoding = True
        if not request.environ.get("HTTP_ACCEPT_ENCODING"):
            return response
        answer: Response = library.after_request(response)
        if answer.is_streamed and "ETag" in answer.headers and "If-None-Match" in request.headers:
            answer.make_conditional(request)  # compared again, because the library has added the algorithm to the tag
        return answer

    app.add_hooks(drop_refused_encodings, compress)


def accepted_encodings(header: str) -> list[str]:
    """The parts of an Accept-Encoding header without the refused encodings; `*` becomes the algorithms that remain."""
    parts = [part.strip().lower() for part in header.split(",")]
    refused = {part.split(";")[0] for part in parts if _REFUSED.search(part)}
    remaining = ",".join(name for name in ALGORITHMS if name not in refused)
    return [remaining if part == "*" else part for part in parts if part.split(";")[0] not in refused]
