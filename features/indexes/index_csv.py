"""The levels, members and rebalancings of an index as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from features.indexes.levels import Levels
from features.indexes.valuing import Allocations
from models.index import IndexVariant, Rebalancing
from utils.csv_text import csv_lines

MEMBERS = ("day", "ticker", "name", "sector", "target", "weight", "drift", "quantity", "close")
LEDGER = ("number", "day", "reference_day", "kind", "ticker", "before", "after", "quantity", "turnover", "cost", "why")


def levels_csv(levels: Levels, variant: IndexVariant) -> Iterator[bytes]:
    """A header and a row for each day."""
    yield csv_lines([("day", "value")])
    yield csv_lines(zip(levels.days.tolist(), levels.of(variant).tolist(), strict=True))


def allocations_csv(found: Allocations) -> Iterator[bytes]:
    """A header and a row for each member."""
    yield csv_lines([MEMBERS])
    yield csv_lines((found.day, *(getattr(item, name) for name in MEMBERS[1:])) for item in found.items)


def ledger_csv(lines: Iterable[Rebalancing]) -> Iterator[bytes]:
    """A header and a row for each member at each rebalancing."""
    yield csv_lines([LEDGER])
    for line in lines:
        about = (line.number, line.day, line.reference_day, line.kind)
        told = (line.turnover, line.cost, line.why)
        yield csv_lines((*about, each.ticker, each.before, each.after, each.quantity, *told) for each in line.positions)
