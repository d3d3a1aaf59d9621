"""Values portfolios for good: stores what each day was worth, and tells of it in the same transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from analysis.returns import drawdown_of
from database import AnyReader, Database
from features.analyses.service import LatestFacts, latest_facts
from features.portfolios import packs
from features.portfolios.packing import pack_of
from features.portfolios.store import portfolio as portfolio_store
from features.portfolios.store import valuation as valuation_store
from features.portfolios.store.transaction import Ledger
from features.portfolios.valuing import Valued, Valuer
from infrastructure.outbox import record
from jobs.service import Submission, enqueue
from models.event import EventType, NewEvent
from models.job import Lane, NewJob, Stored
from models.performance_errors import NothingBooked
from models.portfolio import MOST_PORTFOLIOS, Portfolio
from models.portfolio_errors import PortfolioNotFound
from models.portfolio_value import (
    MOST_CAUGHT_UP,
    MOST_TOLD,
    PORTFOLIO_VALUATION,
    DayValue,
    HoldingFacts,
    PortfolioValuation,
    ValuedPortfolio,
)
from models.strategy import DEFAULT_STRATEGY
from utils.json_text import dump

VALUED, UNCHANGED = "Valued", "Unchanged"
AFTER_ALL = date.max
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class NewValues:
    """What is to be stored of a portfolio: its days since the last stored one, and the facts of the newest; nothing where all is stored.

    `emptied` is the last stored day of one in which nothing is booked any more, and `are_last` says that stored days after these have no
    value any more.
    """

    name: str
    currency: str
    pack: str
    ledger_version: int
    days: tuple[DayValue, ...]
    drawdown: float
    deepest: float
    holdings: tuple[HoldingFacts, ...]
    held: int
    emptied: date | None = None
    are_last: bool = False


def value_portfolio(database: Database, valuer: Valuer, ledger: Ledger) -> NewValues:
    """The days of a portfolio that are not stored, by the prices of now. Raises PortfolioNotFound, NothingToValue or PricesDamaged."""
    with database.reader() as reader:
        stored = next(iter(valuation_store.list_valuations(reader, ledger, AFTER_ALL, 1)), None)
        named = portfolio_store.find(reader, *ledger)
        try:
            valued = valuer.newest(reader, ledger)
        except NothingBooked:
            if stored is None or named is None:
                raise
            return NewValues(named.name, named.base_currency, "", named.version, (), 0.0, 0.0, (), 0, stored.day)
    if named is None:
        raise PortfolioNotFound(ledger.portfolio_id)
    pack = packs.keep(database, ledger.org_id, pack_of(valued.market.days[-1].item(), valued.sources, None))
    growth = valued.growth
    drawdown = drawdown_of(growth).depth
    with database.read() as connection:
        holdings = _holdings(connection, ledger.org_id, valued)
    return NewValues(
        name=named.name,
        currency=valued.ledger.base_currency,
        pack=pack.digest,
        ledger_version=valued.ledger.version,
        days=_days_since(valued, growth, stored, (pack.digest, valued.ledger.version)),
        drawdown=float(drawdown[-1]),
        deepest=float(drawdown.min()),
        holdings=tuple(holdings[:MOST_TOLD]),
        held=len(holdings),
        are_last=stored is not None and stored.day > valued.last_day,
    )


def store_values(connection: Connection, org_id: int, outcomes: Mapping[str, NewValues], moment: datetime) -> Mapping[str, Stored]:
    """Store days and write their events; a portfolio that was deleted meanwhile is left out."""
    stored = {}
    for portfolio_id, new in sorted(outcomes.items()):
        ledger = Ledger(org_id, portfolio_id)
        if portfolio_store.find_to_change(connection, *ledger) is None:
            continue
        facts: dict[str, Any] = {"name": new.name, "days": len(new.days)}
        if new.emptied is not None:
            record(connection, org_id, [_emptied(portfolio_id, new, new.emptied)])
        if new.days:
            origin = (new.pack, new.ledger_version, moment)
            if new.are_last:
                valuation_store.delete_after(connection, ledger, new.days[-1].day)
            valuation_store.save(connection, ledger, (_row(each, new.currency, origin) for each in new.days))
            record(connection, org_id, list(_events(portfolio_id, new)))
            newest = new.days[-1]
            facts |= {"last": str(newest.day), "value": newest.value, "currency": new.currency}
        stored[portfolio_id] = Stored(portfolio_id, VALUED if new.days else UNCHANGED, bool(new.days), facts)
    return stored


def _row(each: DayValue, currency: str, origin: tuple[str, int, datetime]) -> PortfolioValuation:
    return PortfolioValuation(each.day, currency, each.value, each.cash, each.flows, each.twr, each.growth, *origin)


def _days_since(
    valued: Valued, growth: np.ndarray[Any, np.dtype[np.float64]], stored: PortfolioValuation | None, origin: tuple[str, int]
) -> tuple[DayValue, ...]:
    """The days after the last stored one; that one again where it was computed from something else.

    At first, and where that day has no value any more, the newest day alone.
    """
    valuation = valued.valuation
    days = valuation.market.days
    if stored is None or stored.day > valued.last_day:
        first = len(days) - 1
    else:
        is_same = (stored.pack, stored.ledger_version) == origin
        first = int(np.searchsorted(days, np.datetime64(stored.day), side="right" if is_same else "left"))
    rows = range(max(first, len(days) - MOST_CAUGHT_UP), len(days))
    factors = np.concatenate(([1.0], valuation.growth.factors))
    columns = (valuation.value, valuation.cash, valuation.flows, factors - 1, growth)
    return tuple(DayValue(days[row].item(), *(float(column[row]) for column in columns)) for row in rows)


def _holdings(connection: Connection, org_id: int, valued: Valued) -> list[HoldingFacts]:
    """What is held at the end, the heaviest first."""
    values, weights = valued.last_values(), valued.weights()
    facts = {each.ticker: each for each in latest_facts(connection, org_id, [DEFAULT_STRATEGY], values)}
    found = [_facts_of(ticker, (value, weights[ticker]), valued, facts.get(ticker)) for ticker, value in values.items()]
    return sorted(found, key=lambda each: (-each.weight, each.ticker))


def _facts_of(ticker: str, worth: tuple[float, float], valued: Valued, latest: LatestFacts | None) -> HoldingFacts:
    value, weight = worth
    held = valued.sources.held.get(ticker)
    close = float(held.closes[-1]) if held is not None else 0.0
    # Levels are on the footing of the prices that the result had.
    usable = latest is not None and held is not None and not latest.superseded and latest.close > 0 and close > 0
    stop, target = (latest.stop_loss, latest.target) if latest is not None and usable else (None, None)
    return HoldingFacts(
        ticker,
        weight,
        value,
        close,
        stop,
        target,
        None if stop is None else (close - stop) / close,
        None if target is None else (target - close) / close,
    )


def _events(portfolio_id: str, new: NewValues) -> Sequence[NewEvent]:
    newest = new.days[-1]
    place = f"{portfolio_id}:{newest.day}:{new.pack[:16]}:{new.ledger_version}"
    told = {"portfolio_id": portfolio_id, "name": new.name, "day": newest.day, "currency": new.currency, "value": newest.value}
    valued = {**told, "cash": newest.cash, "twr": newest.twr, "days": len(new.days), "pack": new.pack, "ledger_version": new.ledger_version}
    standing = {**told, "drawdown": new.drawdown, "max_drawdown": new.deepest, "held": new.held, "holdings": new.holdings}
    return (
        NewEvent(EventType.PORTFOLIO_VALUED, f"valued:{place}", portfolio_id, valued),
        NewEvent(EventType.PORTFOLIO_DRAWDOWN, f"drawdown:{place}", portfolio_id, standing),
    )


def _emptied(portfolio_id: str, new: NewValues, day: date) -> NewEvent:
    """Tells that nothing is held any more, so that whoever watches the portfolio knows."""
    told = {"portfolio_id": portfolio_id, "name": new.name, "day": day, "currency": new.currency, "value": None}
    standing = {**told, "drawdown": new.drawdown, "max_drawdown": new.deepest, "held": new.held, "holdings": new.holdings}
    return NewEvent(EventType.PORTFOLIO_DRAWDOWN, f"drawdown:{portfolio_id}:{day}:emptied:{new.ledger_version}", portfolio_id, standing)


def list_valuations(connection: AnyReader, ledger: Ledger, before: date | None, limit: int) -> list[PortfolioValuation]:
    """The stored days of a portfolio before one, the newest first."""
    return valuation_store.list_valuations(connection, ledger, before or AFTER_ALL, limit)


def with_newest(connection: AnyReader, org_id: int, portfolios: Sequence[Portfolio]) -> list[ValuedPortfolio]:
    """Portfolios of an organization, each with the newest day that is stored of it, if anything is booked in it."""
    newest = valuation_store.newest(connection, org_id)
    return [ValuedPortfolio(**vars(each), valuation=newest.get(each.id) if each.transactions else None) for each in portfolios]


def submit(connection: Connection, org_id: int, portfolio_ids: Collection[str] | None = None) -> Submission | None:
    """Queue a job that values portfolios, by default all that have transactions, or had some when they were valued; None without any.

    Those that are gone are left out. Raises PortfolioNotFound where all of them are.
    """
    known = {each.id: each for each in _all(connection, org_id)}
    if portfolio_ids is None:
        valued = valuation_store.newest(connection, org_id)
        portfolio_ids = [each.id for each in known.values() if each.transactions or each.id in valued]
    named = list(dict.fromkeys(portfolio_ids))
    wanted = [portfolio_id for portfolio_id in named if portfolio_id in known]
    if not wanted:
        if named:
            raise PortfolioNotFound(named[0])
        return None
    dedupe_key = hashlib.sha256(dump([PORTFOLIO_VALUATION, sorted(wanted)])).hexdigest()
    return enqueue(connection, org_id, NewJob(PORTFOLIO_VALUATION, Lane.CPU, "{}", wanted, dedupe_key))


def _all(connection: Connection, org_id: int) -> list[Portfolio]:
    return portfolio_store.list_portfolios(connection, org_id, "", MOST_PORTFOLIOS)


def queue_all(database: Database) -> int:
    """Queue the valuation of the portfolios of all organizations; return of how many organizations."""
    with database.reader() as reader:
        organizations = portfolio_store.organizations(reader)
    queued = 0
    for org_id in organizations:
        with database.transaction() as connection:
            queued += submit(connection, org_id) is not None
    return queued
