"""Charts of Yahoo, as its v8 interface answers them, made of real prices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from kit.price_server import Answering, Asked, Reply, as_json
from kit.providers import BARS
from models.price_series import Bar

SINCE_SPLIT = [bar for bar in BARS if bar.day >= date(2005, 2, 28)]  # as traded and restated for splits are one
CHART, SEARCH, CRUMB = "/v8/finance/chart/", "/v1/finance/search", "/v1/test/getcrumb"
Row = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """An exchange as Yahoo names it, and when a daily bar's time stamp is."""

    name: str
    zone: str
    opens: time
    currency: str

    def second(self, day: date, at: time | None = None) -> int:
        return int(datetime.combine(day, at or self.opens, ZoneInfo(self.zone)).timestamp())


NEW_YORK = Place("NMS", "America/New_York", time(9, 30), "USD")
LONDON = Place("LSE", "Europe/London", time(8), "GBp")
TOKYO = Place("JPX", "Asia/Tokyo", time(9), "JPY")
SYDNEY = Place("ASX", "Australia/Sydney", time(10), "AUD")


@dataclass(frozen=True)
class Charted:
    """What a chart tells."""

    symbol: str = "AAPL"
    place: Place = NEW_YORK
    bars: list[Bar] = field(default_factory=lambda: SINCE_SPLIT)
    events: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)  # further rows: a second, and the columns

    def but(self, **changes: Any) -> Charted:
        return replace(self, **changes)

    def body(self) -> dict[str, Any]:
        place = self.place
        columns = ("open", "high", "low", "close", "volume", "adj_close")
        rows = [(place.second(bar.day), {name: getattr(bar, name) for name in columns}) for bar in self.bars] + self.rows
        meta = {
            "currency": place.currency, "symbol": self.symbol, "exchangeName": place.name, "fullExchangeName": place.name,
            "instrumentType": "EQUITY", "exchangeTimezoneName": place.zone, "longName": "Apple Inc.", "priceHint": 2,
            "dataGranularity": "1d", "range": "", "validRanges": ["1d", "5d", "1mo", "1y", "max"], **self.meta,
        }  # fmt: skip
        quote = {name: [row[name] for _, row in rows] for name in columns[:-1]}
        result = {
            "meta": meta,
            "timestamp": [second for second, _ in rows],
            "indicators": {"quote": [quote], "adjclose": [{"adjclose": [row["adj_close"] for _, row in rows]}]},
            **({"events": self.events} if self.events else {}),
        }
        return {"chart": {"result": [result], "error": None}}


def bar_of(day: date, close: float = 40.0) -> Bar:
    return Bar(day, close, close + 1, close - 1, close, close, 1_000.0)


def refusal(code: str, description: str, status: int) -> Reply:
    return as_json({"chart": {"result": None, "error": {"code": code, "description": description}}}, status)


NOT_FOUND = refusal("Not Found", "No data found, symbol may be delisted", 404)


def yahoo(answer: Answering | Charted | Reply) -> Answering:
    """A server that gives a cookie and a crumb, and answers for charts as given."""

    def answering(asked: Asked) -> Reply:
        if asked.path == "/":
            return Reply(b"", 404, {"Set-Cookie": "A3=d=AQAB; Path=/"})
        if asked.path == CRUMB:
            return Reply(b"aCrumb")
        if not asked.path.startswith((CHART, SEARCH)):
            return Reply(b"<html>", 404)
        if isinstance(answer, Charted):
            return as_json(answer.body()) if unquote(asked.path) == CHART + answer.symbol else NOT_FOUND
        return answer if isinstance(answer, Reply) else answer(asked)

    return answering


def is_of_time_zone(asked: Asked) -> bool:
    """Whether a request asks for the exchange's time zone only, as yfinance does first."""
    return asked.query.get("range") == "1d"
