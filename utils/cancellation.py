"""Cancellation of work whose caller is gone."""

from __future__ import annotations

from collections.abc import Callable

CLIENT_GONE = "bellwether.client_gone"  # key in the WSGI environment: a function that tells whether the client has closed its connection

Check = Callable[[], None]
"""A function that long work calls regularly: it returns to continue, or raises to cancel."""


def always_wanted() -> None:
    """The check of work that is never cancelled."""
