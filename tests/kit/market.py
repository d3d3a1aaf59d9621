"""A market of made-up companies on the evening of a day, and how each provider tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

import database
from features.prices.budgets import Budget
from features.prices.circuit import Circuit
from features.prices.providers.base import Means, Patience
from features.prices.refresh import Refresher
from features.prices.registry import Configured
from kit.companies import BARS, Company, Source, day_of_bar
from kit.price_server import Answering, Asked, PriceServer, Reply, as_json, price_server
from kit.providers import ABOUT, UNHURRIED, csv_file, made, tiingo_row, twelve_body
from models.price_series import Bar, PackedBars
from models.provider import Allowance, Window

AS_TRADED = Source("as_traded", "as_traded", adjusted=True)
LATE = time(23, 30)  # UTC, and of the next day: every exchange has settled


@dataclass
class Market:
    """`companies` by ticker, on the evening of the bar `evening`."""

    companies: dict[str, Company]
    evening: int = BARS - 20

    @property
    def day(self) -> date:
        return day_of_bar(self.evening)

    @property
    def moment(self) -> datetime:
        """Late enough that the day's bar is final."""
        return datetime.combine(self.day + timedelta(days=1), LATE, UTC)

    def export(self, ticker: str) -> PackedBars:
        """What a whole history as traded has."""
        return self.companies[ticker].export(0, self.evening + 1, AS_TRADED)

    def bars(self, ticker: str, since: date) -> list[Bar]:
        return [bar for bar in self.export(ticker) if bar.day >= since]

    def tiingo(self, asked: Asked) -> Reply:
        ticker = asked.path.split("/")[3] if asked.path.count("/") > 2 else ""
        if ticker not in self.companies:
            return as_json({"detail": "Not found."}, 404)
        if not asked.path.endswith("/prices"):
            return as_json({"ticker": ticker, "name": f"{ticker} Inc", "exchangeCode": "NYSE"})
        company = self.companies[ticker]
        splits = {day_of_bar(at): ratio for at, ratio in company.splits}
        closes = {bar.day: bar.close for bar in self.export(ticker)}
        paid = {day_of_bar(at): share * closes.get(day_of_bar(at - 1), 0.0) for at, share in company.dividends}
        rows = [tiingo_row(bar) for bar in self.bars(ticker, date.fromisoformat(asked.query["startDate"]))]
        for row in rows:
            day = date.fromisoformat(str(row["date"])[:10])
            row |= {"splitFactor": splits.get(day, 1.0), "divCash": paid.get(day, 0.0)}
        return as_json(rows)

    def twelvedata(self, asked: Asked) -> Reply:
        ticker = asked.query.get("symbol", "")
        if ticker not in self.companies:
            return as_json({"code": 404, "message": f"**symbol** not found: {ticker}", "status": "error"}, 404)
        bars = self.bars(ticker, date.fromisoformat(asked.query.get("start_date", "1900-01-01")))
        factor = asked.query["adjust"] == "all"

        def row(bar: Bar) -> dict[str, str]:
            by = bar.adj_close / bar.close if factor else 1.0
            prices = {name: repr(getattr(bar, name) * by) for name in ("open", "high", "low", "close")}
            return {"datetime": bar.day.isoformat(), **prices, "volume": str(int(bar.volume))}

        return as_json(twelve_body([row(bar) for bar in reversed(bars)], ticker))

    def csv(self, asked: Asked) -> Reply:
        ticker = asked.path.strip("/").removesuffix(".csv")
        return csv_file(asked, self.bars(ticker, date(1900, 1, 1))) if ticker in self.companies else Reply(b"", 404)

    def answer(self, name: str) -> Answering:
        return {"tiingo": self.tiingo, "twelvedata": self.twelvedata, "csv_url": self.csv}[name]


@dataclass
class Trading:
    """Providers of a market, each with a server of its own, and what refreshes from them."""

    market: Market
    servers: dict[str, PriceServer]
    configured: list[Configured]
    refresher: Refresher
    clock: Clock = field(repr=False)


@dataclass
class Clock:
    """The time by the market, for providers and for the database alike. `offset` is from the market's evening."""

    market: Market
    offset: timedelta = timedelta(0)

    def __call__(self, connection: Connection | None = None) -> datetime:
        return self.market.moment + self.offset


@contextmanager
def trading(
    market: Market,
    *names: str,
    calls: dict[Window, int] | None = None,
    patience: Patience = UNHURRIED,
    answers: dict[str, Answering] | None = None,
) -> Iterator[Trading]:
    """Providers of a market by name, in the order to try. `answers` replace what their servers answer."""
    servers, configured, clock = {}, [], Clock(market)
    contexts = []
    for name in names:
        context = price_server((answers or {}).get(name, market.answer(name)))
        servers[name] = context.__enter__()
        contexts.append(context)
        budget = Budget(database.current(), name, Allowance(calls or {}, ABOUT[name].zone), clock)
        provider = made(name, servers[name].address, Means(budget, clock, patience))
        configured.append(Configured(provider, budget, Circuit(database.current(), name, clock)))
    try:
        yield Trading(market, servers, configured, Refresher(database.current(), configured, clock), clock)
    finally:
        for each in configured:
            each.provider.close()
        for context in contexts:
            context.__exit__(None, None, None)
