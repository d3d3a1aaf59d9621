"""The check of the exchanges' calendars: whether the trading days of those in use are known for a year or more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from database import Database
from features.prices import service as prices
from features.watchlist import service as watchlist
from infrastructure.exchanges import exchange_named, exchanges, suffixes_of
from models.day_text import day_text
from models.exchange import Exchange
from models.health import Finding, Probe, doubtful, good
from utils.clock import now

REMEDY = "Install a newer version of Bellwether, or run `make calendars` in its sources and deploy the data/calendars.json that it writes."


def calendars_probe(database: Database, clock: Callable[[], datetime] = now) -> Probe:
    """Whether the calendars of the exchanges that stored or followed tickers name reach far enough. Never critical."""
    return Probe("calendars", lambda: _look(database, clock().date()), REMEDY, is_critical=False, needs=("schema",))


def calendars(ending: Sequence[Exchange], in_use: Iterable[str]) -> Finding:
    """Judge the calendars that end soon; `in_use` are the codes of those of which there are tickers."""
    codes = set(in_use)
    used = [exchange for exchange in ending if exchange.mic in codes]
    unused = [exchange for exchange in ending if exchange.mic not in codes]
    beside = f" Also {_listed(unused)}, of which there are no tickers." if unused else ""
    if used:
        return doubtful(f"Trading days are known for less than a year: {_listed(used)}. After that, weekdays are counted.{beside}", REMEDY)
    return good(f"The trading days of the exchanges in use are known for a year or more.{beside}")


def _listed(ending: Iterable[Exchange]) -> str:
    return ", ".join(f"{exchange.name} ({exchange.mic}) until {day_text(exchange.last)}" for exchange in ending)


def _look(database: Database, today: date) -> Finding:
    ending = [exchange for exchange in exchanges().values() if exchange.ends_soon(today)]
    if not ending:
        return good("The trading days of all exchanges are known for a year or more.")
    with database.read() as connection:
        told = {exchange.mic for exchange in map(exchange_named, prices.list_told_exchanges(connection)) if exchange is not None}
        in_use = [exchange.mic for exchange in ending if exchange.mic in told or _has_suffixed(connection, exchange.mic)]
    return calendars(ending, in_use)


def _has_suffixed(connection: Connection, mic: str) -> bool:
    endings = [f".{suffix}" for suffix in suffixes_of(mic)]
    return any(prices.has_tickers_ending(connection, end) or watchlist.follows_ending(connection, end) for end in endings)
