"""What published levels come to: weights on a day, an amount through time, and numbers beside something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from analysis.risk import FEWEST_VALUES, metrics_beside, risk_metrics
from database import AnyReader, Database
from features.currencies import service as currencies
from features.indexes import service
from features.indexes.levels import Levels
from features.indexes.loading import closes_of, listed
from features.indexes.members import currency_of
from features.indexes.store import published as published_store
from features.prices import service as prices
from models.day_text import day_text
from models.errors import BellwetherError
from models.index import Index, IndexVariant, Rebalancing
from models.index_errors import IndexInvalid
from models.metric import Metric
from models.symbol import NOTHING_KNOWN

if TYPE_CHECKING:
    from analysis.bars import FloatArray
    from features.indexes.levels import Days
    from infrastructure.value_lines import ValueLine, ValueLines


class TooFewDays(BellwetherError):
    """There are too few days in the period, or too few that both have."""

    code = "insufficient_history"

    def __init__(self, days: int) -> None:
        super().__init__(f"There {'is 1 day' if days == 1 else f'are {days} days'} with values; {FEWEST_VALUES} are needed at least.")


class DayBeforeIndex(BellwetherError):
    """The day lies before the first of the index."""

    code = "insufficient_history"

    def __init__(self, day: date, first_day: date) -> None:
        super().__init__(f"The index begins on {first_day}; there is nothing on {day}.")


@dataclass(frozen=True)
class AllocatedMember:
    """A member on a day: its weight at the last rebalancing and now, and its quantity."""

    ticker: str
    name: str | None
    sector: str | None
    target: float
    weight: float
    drift: float
    quantity: float
    close: float


@dataclass(frozen=True)
class Allocations:
    """The members of an index at the close of a day, the heaviest first."""

    day: date
    since: date
    reference_day: date | None
    revision: int
    items: tuple[AllocatedMember, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]


def allocations(database: Database, org_id: int, index_id: str, day: date | None, revision: int | None = None) -> Allocations:
    """The members of an index at the close of a day, by default the newest one. Raises IndexNotFound or DayBeforeIndex."""
    with database.reader() as connection:
        index, levels, _ = service.find_levels(connection, org_id, index_id, revision)
        shown = levels.between(None, day)
        if not len(shown):
            raise DayBeforeIndex(day or index.first_day, index.first_day)
        on: date = shown.days[-1].item()
        line = published_store.line_holding(connection, (org_id, index_id, revision or index.revision), on)
        assert line is not None, "an index begins with a line of its ledger"
        held = [each for each in line.positions if each.quantity > 0]
        facts = prices.known_facts(connection, org_id, [each.ticker for each in held])
    names = _names_of(database, org_id, [each.ticker for each in held if facts.get(each.ticker, NOTHING_KNOWN).name is None])
    closes, notes = _closes_on(database, org_id, index, line, on)
    values = {each.ticker: each.after * closes[each.ticker][0] / closes[each.ticker][1] for each in held}
    total = sum(values.values()) or 1.0
    items = [
        AllocatedMember(
            ticker=each.ticker,
            name=facts.get(each.ticker, NOTHING_KNOWN).name or names.get(each.ticker),
            sector=facts.get(each.ticker, NOTHING_KNOWN).sector,
            target=each.after,
            weight=values[each.ticker] / total,
            drift=values[each.ticker] / total - each.after,
            quantity=_worth(line) * each.after / closes[each.ticker][1],  # in shares of the newest close, whatever splits came since
            close=closes[each.ticker][0],
        )
        for each in held
    ]
    items.sort(key=lambda item: (-item.weight, item.ticker))
    return Allocations(on, line.day, line.reference_day, revision or index.revision, tuple(items), line.left_out, notes)


def _names_of(database: Database, org_id: int, tickers: Sequence[str]) -> dict[str, str | None]:
    """The names that the prices of tickers came with."""
    if not tickers:
        return {}
    with database.read() as connection:
        return {ticker: head.name for ticker, head in prices.find_heads(connection, org_id, tickers).items()}


def _worth(line: Rebalancing) -> float:
    """What all quantities are worth at the close of a line's day."""
    return line.divisor_after * line.level


def _closes_on(
    database: Database, org_id: int, index: Index, line: Rebalancing, day: date
) -> tuple[dict[str, tuple[float, float]], tuple[str, ...]]:
    """The closes of members on a day and on that of the last rebalancing, in the currency of the index; and what is to be told of them."""
    found: dict[str, tuple[float, float]] = {}
    held = {each.ticker: _worth(line) * each.after / each.quantity for each in line.positions if each.quantity > 0}
    try:
        known = closes_of(database, org_id, list(held), index.rules.currency)
    except IndexInvalid:  # of too many closes
        known = {}
    for ticker, closes in known.items():
        now, then = (int(np.searchsorted(closes.days, np.datetime64(each, "D"), side="right")) - 1 for each in (day, line.day))
        if then >= 0:
            found[ticker] = (float(closes.price[now]), float(closes.price[then]))
    # Where prices or rates were removed, or the currency is another one by now, a member stands as it was; the others move.
    unknown = sorted(held.keys() - found.keys())
    found |= {ticker: (held[ticker],) * 2 for ticker in unknown}
    if not unknown:
        return found, ()
    note = f"There is no price of {listed(unknown)}, or no rate for it: of what it was worth on {day_text(line.day)}, nothing has changed."
    return found, (note,)


@dataclass(frozen=True)
class Simulation:
    """What is invested, in which variant of an index, from when on, and whether buying it and its rebalancings cost."""

    amount: float
    start: date | None
    currency: str | None
    variant: IndexVariant
    costs: bool


@dataclass(frozen=True)
class Simulated:
    """What has become of an amount by day, its numbers since it was an amount, and what all trades have cost."""

    days: Days
    values: FloatArray
    metrics: dict[str, Metric]
    costs: float
    currency: str | None
    notes: tuple[str, ...]


def simulate(connection: AnyReader, org_id: int, index_id: str, order: Simulation) -> Simulated:
    """An amount through the time of an index. Raises IndexNotFound, TooFewDays, RateNotFound or IndexInvalid."""
    index, levels, _ = service.find_levels(connection, org_id, index_id)
    shown = levels.between(order.start, None)
    if len(shown) < FEWEST_VALUES:
        raise TooFewDays(len(shown))
    rates = np.ones(len(shown))
    own, wanted = currency_of(connection, org_id, index), order.currency
    if wanted is not None and wanted != own:
        rates = _rates(connection, org_id, own, wanted, shown)
    values = order.amount * (shown.of(order.variant) * rates) / (shown.of(order.variant)[0] * rates[0])
    spent, note = 0.0, "Neither the first purchase nor rebalancings cost anything."
    if order.costs:
        charged = _charges(connection, org_id, index, shown.days)
        kept = np.cumprod(1 - charged)
        spent = float((values * (kept / (1 - charged)) * charged).sum())
        values = values * kept
        note = f"The first purchase costs {100 * charged[0]:.4g} % of the amount, each rebalancing what its line of the ledger says."
    since_amount = np.concatenate(([order.amount], values[1:]))
    return Simulated(shown.days, values, numbers(since_amount), spent, wanted or own, (note,))


def _charges(connection: AnyReader, org_id: int, index: Index, days: Days) -> FloatArray:
    """The part of the value that trades of each day cost: on the first one everything is bought, by the rules of then."""
    charged = np.zeros(len(days))
    costs = {version.version: version.rules.cost_bp / 10_000 for version in service.list_versions(connection, org_id, index.id)}
    for line in published_store.load_ledger(connection, org_id, index.id, index.revision):
        row = int(np.searchsorted(days, np.datetime64(line.day, "D")))
        if line.day <= days[0].item():
            charged[0] = costs[line.version]
        elif row < len(days):
            charged[row] = 1 - (1 - charged[row]) * (1 - line.cost)
    return charged


def _rates(connection: AnyReader, org_id: int, own: str | None, wanted: str, levels: Levels) -> FloatArray:
    """The rates from the currency of an index to another one, by day. Raises IndexInvalid or RateNotFound."""
    if own is None:
        raise IndexInvalid(
            "currency",
            "Neither the rules nor the members tell the currency of the index, so that no amount can be converted. Leave it out.",
        )
    rates = currencies.rates_between(connection, org_id, own, wanted).on(levels.days)
    if np.isnan(rates).any():
        first = levels.days[int(np.isnan(rates).argmax())].item()
        raise IndexInvalid("currency", f"There is no rate of {own} in {wanted} on {first}. Begin later, or leave the currency out.")
    return rates


@dataclass(frozen=True)
class Compared:
    """An index, in a currency where that is known, and something else on the days that both have."""

    days: Days
    index: Index
    currency: str | None
    own: FloatArray
    line: ValueLine
    other: FloatArray


@dataclass(frozen=True)
class Comparison:
    """What an index is held against, over which days."""

    reference: str
    variant: IndexVariant
    start: date | None
    end: date | None


def compare(connection: AnyReader, org_id: int, index_id: str, order: Comparison, lines: ValueLines) -> Compared:
    """An index beside a ticker, an index or a portfolio. Raises IndexNotFound, TickerNotFound, LineNotFound or TooFewDays."""
    index, levels, _ = service.find_levels(connection, org_id, index_id)
    shown = levels.between(order.start, order.end)
    line = lines.find(connection, org_id, order.reference)
    days, rows, others = np.intersect1d(shown.days, line.days, assume_unique=True, return_indices=True)
    if len(days) < FEWEST_VALUES:
        raise TooFewDays(len(days))
    currency = currency_of(connection, org_id, index)
    return Compared(days, index, currency, shown.of(order.variant)[rows], line, line.values[others])


def numbers(values: FloatArray, rate: float = 0.0) -> dict[str, Metric]:
    """The numbers of daily values; none of too few."""
    return risk_metrics(values, rate) if len(values) >= FEWEST_VALUES else {}


def numbers_beside(values: FloatArray, other: FloatArray, rate: float) -> dict[str, Metric]:
    """The numbers of daily values against those of something else."""
    return metrics_beside(values, other, rate)
