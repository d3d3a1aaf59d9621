"""What is known of each provider without its client: clients load slowly, and pages tell of providers that nobody asks."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """A provider's name, a sentence on what its users have to know, and the time zone at whose midnight it counts calls anew."""

    name: str
    terms: str
    zone: str


TIINGO = About("tiingo", "Free for personal use only: 50 requests an hour, 1,000 a day, 500 different tickers a month.", "America/New_York")
TWELVEDATA = About(
    "twelvedata",
    "Free for personal use only: 8 credits a minute, 800 a day, 2 for each ticker; few exchanges outside the United States.",
    "UTC",
)
YAHOO = About(
    "yahoo",
    "Unofficial, for personal use only: Yahoo documents no interface, changes it without notice, and refuses who asks a lot. "
    "Needs the packages of requirements-yahoo.txt.",
    "UTC",
)
CSV_URL = About("csv_url", "The files and their terms are those of the address that you configured.", "UTC")
