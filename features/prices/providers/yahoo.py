"""Yahoo's charts, asked through yfinance: an extra (requirements-yahoo.txt), since it brings pandas. Imported by the first fetch only."""

from __future__ import annotations

import re
from datetime import date, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from features.prices.providers.about import YAHOO
from features.prices.providers.answers import read_rows
from features.prices.providers.base import Means
from features.prices.providers.yahoo_chart import Chart, market_of
from models.footing import Bases, Basis
from models.price_series import PackedBars
from models.provider import Fetched, Listing, ProviderError, ProviderFault
from models.ticker import normalize_ticker

LIBRARY = "yfinance"
MOST_FOUND = 20
_BASES = Bases(Basis.SPLIT_ADJUSTED, Basis.SPLIT_ADJUSTED)
# BRK.B is BRK-B. F, L, T and V are Frankfurt, London, Tokyo and Toronto's venture exchange.
_CLASS, _THEIR_CLASS = re.compile(r"\.(?=[A-EG-KM-SUW-Z]\Z)"), re.compile(r"-(?=[A-EG-KM-SUW-Z]\Z)")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")  # yfinance would look it up, and answer for what it finds


class Yahoo:
    """Knows tickers of most exchanges, by the suffixes that are ours as well."""

    name, terms, zone = YAHOO

    def __init__(self, address: str | None, means: Means) -> None:
        """`address` is asked in place of Yahoo's hosts, if there is one."""
        self._address, self._means = address, means

    def cost(self, since: date | None) -> int:
        """The exchange's time zone, and the bars. A process that asks for the first time gets a cookie besides."""
        return 2

    def fetch(self, ticker: str, since: date | None) -> Fetched:
        """Prices and volumes restated for splits, with adjusted closes, and the actions since. Raises ProviderError."""
        symbol = _CLASS.sub("-", ticker)
        if _ISIN.fullmatch(symbol):
            raise _fault(ProviderFault.UNKNOWN_TICKER, f"is asked by ticker, and {ticker} is the number of a security.")
        session = _session()
        self._means.meter.reserve(self.cost(since))
        conversation = session.Conversation(ticker, self._address, self._means, self.cost(since))
        try:
            columns = session.history(conversation, symbol, since)
        except session.NothingNewer:
            columns = None
        chart = conversation.chart
        if chart is not None and chart.symbol.upper() != symbol:
            message = f"answered for another ticker than {ticker}: {chart.symbol[:20]!r}. It may be renamed."
            raise _fault(ProviderFault.BAD_ANSWER, message)
        if columns is not None and chart is not None:
            columns = _traded(ticker, chart, columns, since, self._means.clock())
        if chart is not None and columns and columns["date"]:
            return self._fetched(ticker, chart, columns, since)
        if since is None:
            raise _fault(ProviderFault.UNKNOWN_TICKER, f"has no prices of {ticker}.")
        told = {} if chart is None else {"currency": chart.currency, "time_zone": chart.zone}
        return Fetched(PackedBars(b""), adjusted=True, bases=_BASES, **told)

    def search(self, text: str) -> list[Listing]:
        """Tickers of every exchange."""
        session = _session()
        self._means.meter.reserve(1)
        found = session.search(session.Conversation(text, self._address, self._means, 1), text, MOST_FOUND)
        return [listing for quote in found if (listing := _listed(quote)) is not None]

    def close(self) -> None:
        """Nothing: yfinance keeps the connections of a process for all."""

    def _fetched(self, ticker: str, chart: Chart, columns: dict[str, list[str]], since: date | None) -> Fetched:
        moment = self._means.clock()
        parsed = read_rows("Yahoo", ticker, columns, moment)
        return Fetched(
            parsed.packed,
            adjusted=True,
            bases=_BASES,
            actions=tuple(chart.actions(since)),
            listing=chart.listing(ticker),
            currency=chart.currency,
            time_zone=chart.zone,
            is_final=chart.is_over(ticker, parsed.packed.last_day(), moment),
            dropped=parsed.dropped,
        )


def is_installed() -> bool:
    """Whether yfinance is there; it is not imported."""
    return find_spec(LIBRARY) is not None


def _session() -> Any:
    """The module that imports yfinance."""
    if not is_installed():
        raise _fault(ProviderFault.UNREACHABLE, "is asked through yfinance, which is not installed: pip install -r requirements-yahoo.txt.")
    return import_module("features.prices.providers.yahoo_session")


def _fault(fault: ProviderFault, what: str) -> ProviderError:
    return ProviderError(fault, f"Yahoo {what}")


def _traded(ticker: str, chart: Chart, columns: dict[str, list[str]], since: date | None, moment: datetime) -> dict[str, list[str]]:
    """The rows since a day. The newest is left out where it has no close yet, or is a live price of a day that has not begun to trade."""
    calendar = chart.calendar(ticker)
    kept = [at for at, day in enumerate(columns["date"]) if since is None or day >= since.isoformat()]
    if kept and calendar is not None and columns["date"][kept[-1]] > calendar.newest_day(moment).isoformat():
        kept.pop()
    if kept and not columns["close"][kept[-1]]:
        kept.pop()
    return {name: [values[at] for at in kept] for name, values in columns.items()}


def _listed(quote: dict[str, Any]) -> Listing | None:
    try:
        ticker = normalize_ticker(_THEIR_CLASS.sub(".", str(quote.get("symbol", ""))))
    except ValueError:
        return None
    name = quote.get("longname") or quote.get("shortname")
    return Listing.told(ticker, name=name, exchange=market_of(quote.get("exchange")), kind=str(quote.get("quoteType") or "").lower())
