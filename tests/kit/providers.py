"""Providers and the answers that they document, made of real prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from features.prices.providers.about import CSV_URL, TIINGO, TWELVEDATA
from features.prices.providers.base import Means, Patience, Provider
from features.prices.providers.csv_url import CsvUrl
from features.prices.providers.sample import SampleProvider
from features.prices.providers.tiingo import Tiingo
from features.prices.providers.twelvedata import TwelveData
from kit.price_server import Answering, Asked, PriceServer, Reply, as_json
from models.price_series import Bar

KEY = "a-secret-of-the-operator"
MOMENT = datetime(2005, 4, 1, 12, tzinfo=UTC)
AAPL = next(list(series.bars) for series in SampleProvider().series() if series.ticker == "AAPL")
BARS = [bar for bar in AAPL if date(2005, 2, 1) <= bar.day <= date(2005, 3, 31)]  # a split 2:1 on 28 February
UNHURRIED = Patience(read=5, answer=20, first_pause=0.01, longest_pause=0.5)
SOON_TIRED = replace(UNHURRIED, read=0.3, answer=0.6)


@dataclass
class Counter:
    """A meter without a limit."""

    calls: int = 0

    def reserve(self, calls: int) -> None:
        self.calls += calls


@dataclass
class Asking:
    """A provider and its server."""

    provider: Provider
    server: PriceServer
    meter: Counter


Ask = Callable[..., Asking]


ABOUT = {about.name: about for about in (TIINGO, TWELVEDATA, CSV_URL)}


def made(kind: str, address: str, means: Means) -> Provider:
    if kind == "tiingo":
        return Tiingo(address, KEY, means)
    return TwelveData(address, KEY, means) if kind == "twelvedata" else CsvUrl(address + "/{ticker}.csv?from={since}", means)


def tiingo_row(bar: Bar) -> dict[str, object]:
    factor = bar.adj_close / bar.close
    return {
        "date": f"{bar.day}T00:00:00.000Z",
        "close": bar.close, "high": bar.high, "low": bar.low, "open": bar.open, "volume": int(bar.volume),
        "adjClose": bar.adj_close, "adjHigh": bar.high * factor, "adjLow": bar.low * factor, "adjOpen": bar.open * factor,
        "adjVolume": int(bar.volume / factor),
        "divCash": 0.12 if bar.day == date(2005, 3, 15) else 0.0,
        "splitFactor": 2.0 if bar.day == date(2005, 2, 28) else 1.0,
    }  # fmt: skip


TIINGO_META = {
    "ticker": "AAPL", "name": "Apple Inc", "description": "…", "startDate": "1980-12-12", "endDate": "2005-03-31", "exchangeCode": "NASDAQ",
}  # fmt: skip


def tiingo(asked: Asked, bars: list[Bar] = BARS) -> Reply:
    if asked.path == "/tiingo/daily/AAPL":
        return as_json(TIINGO_META)
    if asked.path != "/tiingo/daily/AAPL/prices":
        return as_json({"detail": "Not found."}, 404)
    since = date.fromisoformat(asked.query["startDate"])
    return as_json([tiingo_row(bar) for bar in bars if bar.day >= since])


def twelve_rows(asked: Asked, bars: list[Bar] = BARS) -> list[dict[str, str]]:
    since = date.fromisoformat(asked.query.get("start_date", "1900-01-01"))

    def row(bar: Bar) -> dict[str, str]:
        factor = bar.adj_close / bar.close if asked.query["adjust"] == "all" else 1.0
        prices = {name: repr(getattr(bar, name) * factor) for name in ("open", "high", "low", "close")}
        return {"datetime": bar.day.isoformat(), **prices, "volume": str(int(bar.volume))}

    return [row(bar) for bar in reversed(bars) if bar.day >= since]


def twelve_body(values: list[dict[str, str]], symbol: str = "AAPL") -> dict[str, object]:
    meta = {
        "symbol": symbol, "interval": "1day", "currency": "USD", "exchange_timezone": "America/New_York", "exchange": "NASDAQ",
        "mic_code": "XNGS", "type": "Common Stock",
    }  # fmt: skip
    return {"meta": meta, "values": values, "status": "ok"}


def twelve(asked: Asked, bars: list[Bar] = BARS) -> Reply:
    rows = twelve_rows(asked, bars)
    if not rows:
        return as_json(
            {
                "code": 400,
                "message": "No data is available on the specified dates. Try setting different start/end dates.",
                "status": "error",
            }
        )
    return as_json(twelve_body(rows))


def csv_file(asked: Asked, bars: list[Bar] = BARS) -> Reply:
    since = date.fromisoformat(asked.query["from"])
    lines = [f"{bar.day},{bar.open},{bar.high},{bar.low},{bar.close},{bar.adj_close},{bar.volume}" for bar in bars if bar.day >= since]
    return Reply("\n".join(["Date,Open,High,Low,Close,Adj Close,Volume", *lines]).encode(), headers={"Content-Type": "text/csv"})


WELL: dict[str, Answering] = {"tiingo": tiingo, "twelvedata": twelve, "csv_url": csv_file}
