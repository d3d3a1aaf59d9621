"""Compressed answers, for those who accept them: Flask-Compress, told what is worth it here."""

from __future__ import annotations

from flask import Flask
from flask_compress import Compress

from utils.api_utils import PROBLEM_TYPE

WORTH_IT = ["application/json", PROBLEM_TYPE, "text/csv", "text/css", "text/html", "text/javascript", "text/plain", "image/svg+xml"]
LEAST_BYTES = 1_000


def register_compression(app: Flask) -> None:
    """Compress what is long enough. Streams are left alone: an event must not wait for a block to fill."""
    app.config.update(
        COMPRESS_MIMETYPES=WORTH_IT,
        COMPRESS_MIN_SIZE=LEAST_BYTES,
        COMPRESS_ALGORITHM=["zstd", "br", "gzip"],
        COMPRESS_STREAMS=False,
        # gzip's own default takes twice as long for a few percent.
        COMPRESS_LEVEL=4,
    )
    Compress(app)
