"""Ticker symbols."""

import re

TICKER_PATTERN = r"^[A-Za-z0-9^][A-Za-z0-9.&^=_-]{0,19}$"
LONGEST_NAMED = 30  # characters of what is no ticker that an error repeats
_TICKER = re.compile(TICKER_PATTERN)


def normalize_ticker(text: str) -> str:
    """The ticker without blanks around it, in upper case. Raises ValueError for an invalid one."""
    ticker = text.strip()
    if not _TICKER.fullmatch(ticker):
        named = f"{ticker[:LONGEST_NAMED]}…" if len(ticker) > LONGEST_NAMED else ticker
        rule = "It has 1 to 20 characters: letters, digits and . & ^ = _ -, the first a letter, a digit or ^."
        raise ValueError(f"{named!r} is no ticker. {rule}" if ticker else f"A ticker is needed. {rule}")
    return ticker.upper()
