"""Giving up work that nobody waits for any more."""

from __future__ import annotations

from collections.abc import Callable

CLIENT_GONE = "bellwether.client_gone"  # in the WSGI environment, where the server can tell: whether the client has closed its connection

Check = Callable[[], None]
"""What long work calls now and then: it returns while the work is wanted, and raises when it is to be given up."""


def always_wanted() -> None:
    """The check of work that is never given up."""
