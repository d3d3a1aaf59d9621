"""The latest day of which an exchange can have a bar."""

from __future__ import annotations

from datetime import date, datetime, timedelta

# The hours by which each exchange is ahead of UTC at most, by the suffixes of Yahoo's tickers. The larger of winter's and summer's: a bar
# is refused only where its day has certainly not begun, and no database of time zones is needed.
_HOURS: dict[float, tuple[str, ...]] = {
    -2: ("SA",),
    -3: ("BA", "SN"),
    -4: ("US", "N", "O", "TO", "V", "CN", "NE"),
    -5: ("MX",),
    1: ("L", "IL", "IR", "LS"),
    2: ("AS", "BE", "BR", "CO", "DE", "DU", "F", "HA", "HM", "JO", "MC", "MI", "MU", "OL", "PA", "PR", "ST", "SG", "SW", "VI", "VX", "WA"),
    3: ("AT", "BD", "CA", "HE", "IC", "IS", "ME", "QA", "RG", "SAU", "SR", "TA", "TL", "VS"),
    5.5: ("BO", "NS"),
    7: ("BK", "JK"),
    8: ("HK", "KL", "PS", "SI", "SS", "SZ", "TW", "TWO"),
    9: ("KQ", "KS", "T"),
    11: ("AX",),
    13: ("NZ",),
}
_BY_SUFFIX = {suffix: hours for hours, suffixes in _HOURS.items() for suffix in suffixes}
EARLIEST = 14  # hours: where on earth a day begins first


def latest_day(ticker: str, moment: datetime) -> date:
    """The latest day that has begun at the exchange of a ticker, or, where no suffix names one, anywhere on earth."""
    _, _, suffix = ticker.rpartition(".")
    return (moment + timedelta(hours=_BY_SUFFIX.get(suffix, EARLIEST) if suffix != ticker else EARLIEST)).date()
