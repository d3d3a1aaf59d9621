"""Reads the closes of what is held, and its splits."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from analysis.bars import CLOSE, DAYS, columns_of
from analysis.held import Days, HeldCloses
from analysis.parting import newest_parting
from database import AnyReader
from features.prices.adjustment import is_plausible, price_basis_of, split_days, trusted, untold_splits
from features.prices.quality import check_whole
from features.prices.store import action as action_store
from features.prices.store import series as series_store
from features.prices.store.symbol import find as known_facts
from infrastructure.sql.driver_reader import Reader
from models.corporate_action import Split, StoredAction
from models.errors import TickerNotFound
from models.footing import Basis
from models.price_series import PackedBars, SeriesHead
from models.symbol import NOTHING_KNOWN, Facts


def held_closes(connection: AnyReader, org_id: int, ticker: str) -> HeldCloses:
    """A ticker's closes and splits for who holds it. Raises TickerNotFound or PricesDamaged."""
    found = held_closes_of(connection, org_id, [ticker])
    if ticker not in found:
        raise TickerNotFound(ticker)
    return found[ticker]


def held_closes_of(connection: AnyReader, org_id: int, tickers: Collection[str]) -> dict[str, HeldCloses]:
    """The same of several tickers; those without prices are missing. Raises PricesDamaged.

    Splits that the organization told count for a shared series too: they are about its shares. Prices whose basis nobody knows are taken
    as restated for splits, unless they jump at each of them.
    """
    found: dict[str, HeldCloses] = {}
    each_held(connection, org_id, tickers, lambda head, packed, held: found.update({held.ticker: held}))
    return found


def each_held(
    connection: AnyReader, org_id: int, tickers: Collection[str], receive: Callable[[SeriesHead, PackedBars, HeldCloses], object]
) -> None:
    """Pass several tickers' series to `receive` one after the other, with their bars and as who holds them has them.

    Raises PricesDamaged.
    """
    if not tickers:
        return
    splits = action_store.list_splits(connection, org_id, tickers)
    facts = known_facts(connection, org_id, tickers)
    shared: dict[bytes, Days] = {}  # most tickers of a market have the same days: one array serves them all

    def hold(head: SeriesHead, packed: PackedBars) -> None:
        known = facts.get(head.ticker, NOTHING_KNOWN)
        held = _held(head, packed, known, splits.get(head.ticker, ()))
        receive(head, packed, replace(held, days=shared.setdefault(held.days.tobytes(), held.days)))

    if isinstance(connection, Reader):
        series_store.load_each(connection, org_id, tickers, hold)
    else:
        for ticker in tickers:
            loaded = series_store.load(connection, org_id, ticker)
            if loaded is not None:
                hold(*loaded)


def differing(one: str, other: str) -> set[str]:
    """The tickers that two states, as `held_state` tells them, differ in."""
    tellings = [Counter(json.loads(state)) for state in (one, other)]
    return {told.partition(" ")[0] for told in (tellings[0] - tellings[1]) + (tellings[1] - tellings[0])}


def known_splits(connection: AnyReader, org_id: int, tickers: Collection[str]) -> dict[str, tuple[Split, ...]]:
    """The splits of several tickers, ascending by day, with prices or without; those that have none are missing."""
    found = {ticker: _splits(trusted(told)) for ticker, told in action_store.list_splits(connection, org_id, tickers).items()}
    return {ticker: splits for ticker, splits in found.items() if splits}


def _held(head: SeriesHead, packed: PackedBars, facts: Facts, actions: Sequence[StoredAction]) -> HeldCloses:
    check_whole(head, packed)
    columns = columns_of(packed)
    told = trusted(actions)
    splits, untold = _splits(told), _splits(untold_splits(actions))
    return HeldCloses(
        ticker=head.ticker,
        currency=facts.currency,
        name=facts.name or head.name,
        days=columns[DAYS].view("datetime64[D]").copy(),  # copies, which do not keep the other columns in memory
        delivered=columns[CLOSE].copy(),
        is_traded=price_basis_of(packed, head.adjusted, head.bases, told if splits else ()) is Basis.AS_TRADED,
        splits=splits,
        parted=newest_parting(columns, split_days(told)) if head.adjusted else None,
        untold=untold[-1] if untold else None,
    )


def _splits(told: Iterable[StoredAction]) -> tuple[Split, ...]:
    """Splits that are plausible together, ascending by day."""
    splits: defaultdict[int, list[Split]] = defaultdict(list)
    for action in (stored.action for stored in told):
        if action.numerator and action.denominator:
            splits[action.effective_day.toordinal()].append(Split(action.effective_day, action.numerator, action.denominator))
    found = tuple(split for day in sorted(splits) for split in splits[day])
    return found if is_plausible(split.ratio for split in found) else ()
