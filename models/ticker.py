"""Ticker symbols."""

import re

TICKER_PATTERN = r"^[A-Za-z0-9^][A-Za-z0-9.&^=_-]{0,19}$"
_TICKER = re.compile(TICKER_PATTERN)


def normalize_ticker(text: str) -> str:
    """The ticker in upper case. Raises ValueError for an invalid one."""
    if not _TICKER.fullmatch(text):
        raise ValueError("A ticker has 1 to 20 characters: letters, digits and . & ^ = _ -, the first a letter, a digit or ^.")
    return text.upper()
