"""What the members of an index have in common: their currency, and the calendar of most of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from database import AnyReader
from features.indexes.loading import calendar_of_most
from features.indexes.store import published as published_store
from features.prices import service as prices
from infrastructure.exchanges import exchange_for
from infrastructure.feature import Universes
from models.exchange import WEEKDAYS, Exchange
from models.index import Index
from models.universe import UniverseNotFound


def currency_of(connection: AnyReader, org_id: int, index: Index) -> str | None:
    """The currency of an index: that of its rules, else the only one that is known of its members; None where there is no such one."""
    if index.rules.currency is not None:
        return index.rules.currency
    facts = prices.known_facts(connection, org_id, _listed_last(connection, org_id, index))
    known = {each.currency for each in facts.values()} - {None}
    return known.pop() if len(known) == 1 else None


def calendar_of(connection: Connection, org_id: int, index: Index, universes: Universes) -> Exchange:
    """The calendar by which the next reference day of an index comes, as its publication has it."""
    members = index.rules.members
    try:
        present = members.tickers if members.universe is None else prices.resolve_universe(connection, org_id, members.universe, universes)
    except UniverseNotFound:
        present = _listed_last(connection, org_id, index)
    heads = prices.find_heads(connection, org_id, present)
    return calendar_of_most([exchange_for(ticker, head.exchange) or WEEKDAYS for ticker, head in heads.items()])


def _listed_last(connection: AnyReader, org_id: int, index: Index) -> Sequence[str]:
    """The tickers of the newest line of the ledger: what is held, and what was sold then."""
    line = published_store.line_holding(connection, (org_id, index.id, index.revision), index.last_day)
    return [] if line is None else [each.ticker for each in line.positions]
