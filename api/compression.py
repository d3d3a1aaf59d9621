"""Compressed answers, for those who accept them: Flask-Compress, told what is worth it here."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress

from utils.api_utils import PROBLEM_TYPE

WORTH_IT = ["application/json", PROBLEM_TYPE, "text/csv", "text/css", "text/html", "text/javascript", "text/plain", "image/svg+xml"]
ALGORITHMS = ["zstd", "br", "gzip"]
LEAST_BYTES = 1_000
_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$", re.IGNORECASE)


class _Compression(Compress):
    """The library, but for three things that it leaves out."""

    def after_request(self, response: Any) -> Any:
        if response.direct_passthrough:
            return response  # a file, which browsers keep: packing it anew each time costs more than it saves, and nobody would close it
        if isinstance(response, Response) and not response.is_streamed and not response.data:
            return response  # it has no body, and would get one of twenty bytes
        response = super().after_request(response)
        if response.is_streamed and "ETag" in response.headers and "If-None-Match" in request.headers:
            response.make_conditional(request)  # the tag is another by now, naming the compression
        return response


def register_compression(app: Flask) -> None:
    """Compress what is long enough, streams as they are made. Events are not of those types: they must not wait for a block to fill."""
    app.config.update(
        COMPRESS_MIMETYPES=WORTH_IT,
        COMPRESS_MIN_SIZE=LEAST_BYTES,
        COMPRESS_ALGORITHM=ALGORITHMS,
        COMPRESS_ALGORITHM_STREAMING=ALGORITHMS,
        COMPRESS_ZSTD_LEVEL=1,  # for JSON as small as at its usual 3, in a third of the time
        # gzip's own default takes twice as long for a few percent.
        COMPRESS_LEVEL=4,
    )
    _Compression(app)

    @app.before_request
    def forget_what_is_refused() -> None:
        # The library takes `gzip;q=0`, which refuses gzip, for liking it least, and `*` for any, whatever was refused.
        accepted = request.environ.get("HTTP_ACCEPT_ENCODING", "")
        if "=0" in accepted:
            request.environ["HTTP_ACCEPT_ENCODING"] = ",".join(accepted_encodings(accepted))


def accepted_encodings(accepted: str) -> list[str]:
    """The parts of an Accept-Encoding header without what it refuses."""
    parts = [part.strip().lower() for part in accepted.split(",")]
    refused = {part.split(";")[0] for part in parts if _REFUSED.search(part)}
    others = ",".join(name for name in ALGORITHMS if name not in refused)
    return [others if part == "*" else part for part in parts if part.split(";")[0] not in refused]
