"""The corporate actions of a ticker, the bases of its series, and what they do to an analysis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.prices.adjustment import Adjustment, adjustment_of
from features.prices.quality import check_whole
from features.prices.store import action as action_store
from features.prices.store import series as series_store
from infrastructure.audit import note
from models.corporate_action import MOST_ACTIONS, USER, ActionKind, CorporateAction, StoredAction
from models.errors import TickerNotFound
from models.footing import Bases, Basis
from models.price_errors import ActionExists, ActionNotFound, ImplausibleAction, SharedPrices, TooManyActions
from models.price_series import PackedBars, SeriesDescription, SeriesHead, head_of
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

LEAST_AMOUNT = 1e-9  # of the highest price
_SHARED = "The prices are shared by all organizations, and are analysed as they are."


@dataclass(frozen=True)
class ToldAction:
    """An action, and who told of it."""

    action: CorporateAction
    source: str = USER


@dataclass(frozen=True)
class ListedAction:
    """A stored action, and the columns of the bars before it that an analysis restates for it, or the `reason` why it restates none."""

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
    reason: str | None


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


def find_action(database: Database, org_id: int, ticker: str, action_id: str) -> ListedAction:
    """One action of a ticker. Raises TickerNotFound or ActionNotFound."""
    for listed in read_footing(database, org_id, ticker).actions:
        if listed.id == action_id:
            return listed
    raise ActionNotFound(ticker)


def record_action(database: Database, org_id: int, ticker: str, told: ToldAction, most: int = MOST_ACTIONS) -> ListedAction:
    """Store an action that a user knows of; an analysis takes it from then on as far as the series' bases ask for it.

    Raises TickerNotFound, PricesDamaged, ImplausibleAction, ActionExists or TooManyActions.
    """
    action = told.action
    stored = StoredAction(new_id(), action, told.source, now())
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        head, packed = _load(connection, org_id, ticker)
        _check_plausible(packed, action)
        known = action_store.list_actions(connection, org_id, ticker)
        existing = next((other for other in known if other.is_same_report(stored)), None)
        if existing is not None:
            raise ActionExists(ticker, existing)
        if len(known) >= most:
            raise TooManyActions(ticker, most)
        action_store.insert(connection, org_id, ticker, stored)
        adjustment = _apply(connection, org_id, head, packed)
        note(connection, target=f"prices/{ticker}/actions/{stored.id}")
    log.info("corporate action stored", ticker=ticker, kind=str(action.kind), effective_day=str(action.effective_day))
    return _listed(stored, adjustment)


def delete_action(database: Database, org_id: int, ticker: str, action_id: str) -> None:
    """Delete an action, whoever told of it, but a provider of shared prices. Raises TickerNotFound, SharedPrices or ActionNotFound."""
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        head, packed = _load(connection, org_id, ticker)
        if head.org_id != org_id and any(stored.id == action_id for stored in action_store.list_actions(connection, head.org_id, ticker)):
            raise SharedPrices(ticker)
        stored = next((each for each in action_store.list_actions(connection, org_id, ticker) if each.id == action_id), None)
        if stored is None or not action_store.delete(connection, org_id, ticker, action_id):
            raise ActionNotFound(ticker)
        note(connection, before=stored.action)
        _apply(connection, org_id, head, packed)
    log.info("corporate action deleted", ticker=ticker, action_id=action_id)


def declare_bases(database: Database, org_id: int, ticker: str, price: Basis | None, volume: Basis | None) -> TickerFooting:
    """Say on what bases the organization's series stands; None leaves one as it is. Raises TickerNotFound or SharedPrices."""
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        head, packed = _load(connection, org_id, ticker)
        if head.org_id != org_id:
            raise SharedPrices(ticker)
        declared = series_store.find_declared(connection, head)
        changed = Bases(price or declared.price, volume or declared.volume)
        _apply(connection, org_id, head, packed, changed)
        note(connection, before=declared._asdict(), after=changed._asdict())
        return footing_of(connection, org_id, ticker)[0]


def _load(connection: AnyReader, org_id: int, ticker: str) -> tuple[SeriesHead, PackedBars]:
    loaded = series_store.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    check_whole(*loaded)
    return loaded


def _apply(connection: Connection, org_id: int, head: SeriesHead, packed: PackedBars, declared: Bases | None = None) -> Adjustment | None:
    """Store what the bases and actions make of the organization's own series. A shared one stays as it is for the others."""
    if head.org_id != org_id:
        return None
    declared = series_store.find_declared(connection, head) if declared is None else declared
    adjustment = adjustment_of(packed, head.adjusted, declared, action_store.list_actions(connection, org_id, head.ticker))
    bases, steps = adjustment.bases, adjustment.steps
    description = SeriesDescription(head.org_id, head.ticker, head.name, head.provider, head.adjusted, bases, steps)
    series_store.save_bases(connection, head_of(description, packed), packed, declared)
    return adjustment


def footing_of(connection: AnyReader, org_id: int, ticker: str) -> tuple[TickerFooting, PackedBars]:
    """The bases and actions of a ticker, and its bars as delivered. Raises TickerNotFound."""
    head, packed = _load(connection, org_id, ticker)
    applied = action_store.list_actions(connection, head.org_id, ticker)
    adjustment = adjustment_of(packed, head.adjusted, head.bases, applied) if applied else None
    listed = [_listed(stored, adjustment) for stored in applied]
    if head.org_id != org_id:
        # What the organization told of a shared series is listed beside what its provider reports, and changes nothing.
        listed += [_listed(stored, None) for stored in action_store.list_actions(connection, org_id, ticker)]
        listed.sort(key=lambda action: (action.effective_day, action.kind, action.source))
    return TickerFooting(ticker, head.bases.price, head.bases.volume, listed), packed


def _listed(stored: StoredAction, adjustment: Adjustment | None) -> ListedAction:
    applied = adjustment.applied.get(stored.id, ()) if adjustment is not None else ()
    reason = _SHARED if adjustment is None else adjustment.reasons.get(stored.id)
    return ListedAction(
        stored.id, **vars(stored.action), source=stored.source, captured_at=stored.captured_at, applied_to=applied, reason=reason
    )


def _check_plausible(packed: PackedBars, action: CorporateAction) -> None:
    """Refuse a distribution of as much as all that a share ever cost. Raises ImplausibleAction."""
    highest = max(packed.column("high"))
    if action.amount is not None and not LEAST_AMOUNT * highest <= action.amount < highest:
        raise ImplausibleAction(action.amount, highest)
