"""The service as a WSGI application whose results have no record of their verdict, to measure what a record costs."""

from __future__ import annotations

import sys

from analysis import engine

# No history is that long, so each is too short for a record.
engine.BARS_NEEDED = sys.maxsize

from wsgi import app  # noqa: E402 — loaded after the change

__all__ = ["app"]
