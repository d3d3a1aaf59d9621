"""The corporate actions of a ticker, the bases of its series, and what they do to an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.prices.footing import History, effects_of, price_basis_by, steps_of
from features.prices.store import action as action_store
from features.prices.store import series as series_store
from models.corporate_action import USER, ActionKind, CorporateAction, StoredAction
from models.errors import ActionExists, ActionNotFound, SharedPrices, TickerNotFound, TooManyActions
from models.footing import Bases, Basis, Step
from models.price_series import PackedBars, SeriesDescription, SeriesHead, head_of
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

MOST_ACTIONS = 1_000  # of a ticker: quarterly dividends of 250 years


@dataclass(frozen=True)
class ListedAction:
    """A stored action, and the columns of the stored bars before it that an analysis restates for it."""

    id: str
    effective_day: date
    kind: ActionKind
    numerator: int | None
    denominator: int | None
    amount: float | None
    currency: str | None
    source: str
    captured_at: datetime
    applied_to: tuple[str, ...]


@dataclass(frozen=True)
class TickerFooting:
    """The bases of a ticker's series, and its actions, oldest first."""

    ticker: str
    price_basis: Basis
    volume_basis: Basis
    actions: list[ListedAction]


def read_footing(database: Database, org_id: int, ticker: str) -> TickerFooting:
    """The bases and actions of a ticker. Raises TickerNotFound."""
    with database.reader() as connection:
        return footing_of(connection, org_id, ticker)[0]


def record_action(database: Database, org_id: int, ticker: str, action: CorporateAction, most: int = MOST_ACTIONS) -> ListedAction:
    """Store an action that a user knows of; an analysis takes it from then on as far as the series' bases ask for it.

    A split also tells whether the prices around it are as traded, where that is unknown and there are no adjusted closes.
    Raises TickerNotFound, ActionExists or TooManyActions.
    """
    stored = StoredAction(new_id(), action, USER, now())
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        loaded = _load(connection, org_id, ticker)
        known = action_store.list_actions(connection, org_id, ticker)
        if len(known) >= most:
            raise TooManyActions(ticker, most)
        if not action_store.insert(connection, org_id, ticker, stored):
            raise ActionExists(ticker, action.kind, action.effective_day)
        _apply(connection, org_id, loaded, _bases_with(loaded, action))
        footing, _ = footing_of(connection, org_id, ticker)
    log.info("corporate action stored", ticker=ticker, kind=str(action.kind), effective_day=str(action.effective_day))
    return next(listed for listed in footing.actions if listed.id == stored.id)


def delete_action(database: Database, org_id: int, ticker: str, action_id: str) -> None:
    """Delete an action, whoever told of it. Raises TickerNotFound or ActionNotFound."""
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        loaded = _load(connection, org_id, ticker)
        if not action_store.delete(connection, org_id, ticker, action_id):
            raise ActionNotFound(ticker)
        _apply(connection, org_id, loaded, loaded[0].bases)
    log.info("corporate action deleted", ticker=ticker, action_id=action_id)


def declare_bases(database: Database, org_id: int, ticker: str, price: Basis | None, volume: Basis | None) -> TickerFooting:
    """Say on what bases the organization's series stands; None leaves one as it is. Raises TickerNotFound or SharedPrices."""
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        loaded = _load(connection, org_id, ticker)
        head = loaded[0]
        if head.org_id != org_id:
            raise SharedPrices(ticker)
        _apply(connection, org_id, loaded, Bases(price or head.bases.price, volume or head.bases.volume))
        return footing_of(connection, org_id, ticker)[0]


def _load(connection: AnyReader, org_id: int, ticker: str) -> tuple[SeriesHead, PackedBars]:
    loaded = series_store.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    return loaded


def _bases_with(loaded: tuple[SeriesHead, PackedBars], action: CorporateAction) -> Bases:
    """The bases that a series has, told by a split where they are unknown. A source that leaves prices as traded leaves volumes so."""
    head, packed = loaded
    if action.kind is not ActionKind.SPLIT or head.adjusted or head.bases.price is not Basis.UNKNOWN:
        return head.bases
    told = price_basis_by(packed, action)
    return Bases(told, told if head.bases.volume is Basis.UNKNOWN and told is Basis.AS_TRADED else head.bases.volume)


def _apply(connection: Connection, org_id: int, loaded: tuple[SeriesHead, PackedBars], bases: Bases) -> None:
    """Store what the bases and actions make of the organization's own series. A shared one stays as it is for the others."""
    head, packed = loaded
    if head.org_id != org_id:
        return
    steps = steps_of(History(packed, bases), head.adjusted, action_store.list_actions(connection, org_id, head.ticker))
    if (bases, steps) != (head.bases, head.steps):
        description = SeriesDescription(head.org_id, head.ticker, head.name, head.provider, head.adjusted, bases, steps)
        series_store.save_footing(connection, head_of(description, packed), packed)


def footing_of(connection: AnyReader, org_id: int, ticker: str) -> tuple[TickerFooting, PackedBars]:
    """The bases and actions of a ticker, and its bars as delivered. Raises TickerNotFound."""
    head, packed = _load(connection, org_id, ticker)
    actions = action_store.list_actions(connection, org_id, ticker)
    effects = effects_of(History(packed, head.bases), head.adjusted, actions) if head.org_id == org_id else {}
    return TickerFooting(ticker, *head.bases, [_listed(stored, effects) for stored in actions]), packed


def _listed(stored: StoredAction, effects: Mapping[str, Step]) -> ListedAction:
    action, effect = stored.action, effects.get(stored.id)
    applied = () if effect is None else tuple(name for name in ("price", "volume") if getattr(effect, name) != 1.0)
    return ListedAction(stored.id, **vars(action), source=stored.source, captured_at=stored.captured_at, applied_to=applied)
