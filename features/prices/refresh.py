"""Brings a ticker's shared prices up to date: asks for what is missing and stores it as one.

A series stays with the provider that it came from, because two providers' histories need not stand on one footing. The next provider of
PRICE_PROVIDERS, or of the ticker's own order, takes over where that one fails or is not in that order, with its whole history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
import structlog
from sqlalchemy import Connection

from analysis.bars import ADJ_CLOSE, CLOSE
from database import Database
from features.prices import events
from features.prices.adjustment import adjustment_of, new_among
from features.prices.budgets import BudgetSpent
from features.prices.circuit import LeftAlone
from features.prices.provider_order import asked_of
from features.prices.providers.answers import is_final
from features.prices.quality import is_whole
from features.prices.registry import Configured
from features.prices.shown_splits import NOTHING_FORMER, Former, restated_since, splits_within
from features.prices.store import action as action_store
from features.prices.store import exchange as exchange_store
from features.prices.store import fetch as fetch_store
from features.prices.store import series as series_store
from features.prices.store import ticker_provider as order_store
from features.prices.symbols import remember
from features.prices.top_up import Stored, in_common, top_up, why_whole
from infrastructure.exchanges import settling_exchange
from models.api_key import SHARED_ORG
from models.corporate_action import MOST_ACTIONS, StoredAction
from models.job import Later
from models.price_series import MOST_BARS, PackedBars, SeriesDescription, SeriesHead, head_of
from models.provider import Fetched, OwnOrder, ProviderError, ProviderFault
from models.series_fetch import FetchFailure, Refreshed, RefreshOutcome, SeriesFetch
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

ASKED_AGAIN = timedelta(hours=1)  # after a fetch that found nothing new on a day that should have brought a bar
LEAST_KEPT = 0.5  # of the stored days of the same period: a whole history that has fewer is cut off
SAME = 1e-9  # relative, of prices that a provider has not restated


class RefreshFailed(Exception):
    """No provider has prices of the ticker. What is stored stays as it is."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MustWait(Exception):
    """The calls to the provider are used up, or it is left alone for a while after failures."""

    def __init__(self, later: Later, message: str) -> None:
        super().__init__(message)
        self.later = later


@dataclass(frozen=True)
class _Known:
    """The shared series of a ticker before it is refreshed, and its last fetch; None where there is none.

    `head` is that of the series even where it is damaged; `series` is not. `told` is what the ticker's exchange is told to be, and
    `own_order` its own order of providers.
    """

    ticker: str
    head: SeriesHead | None
    series: tuple[SeriesHead, PackedBars] | None
    fetch: SeriesFetch | None
    told: str | None
    own_order: OwnOrder | None

    @property
    def provider(self) -> str | None:
        return self.fetch.provider if self.fetch is not None else None

    @property
    def stored(self) -> Stored | None:
        """What a top-up joins; None where only a whole history can be used."""
        if self.series is None or self.fetch is None or self.series[0].provider != self.fetch.provider:
            return None
        return Stored(self.series[1], self.fetch.provisional_day)


@dataclass(frozen=True)
class _Answer:
    """What a provider answered; `packed` is what is to be stored. `reason` says why a whole history replaces what was stored."""

    provider: str
    fetched: Fetched
    packed: PackedBars
    is_whole: bool
    reason: str | None
    added: int
    changed: int


class Refresher:
    """Refreshes tickers, several at once in threads."""

    def __init__(self, database: Database, providers: Sequence[Configured], clock: Callable[[], datetime] = now) -> None:
        """`providers` are in the order to try."""
        self._database, self._providers, self._clock = database, providers, clock

    def refresh(self, ticker: str, *, force: bool = False, told: str | None = None) -> Refreshed:
        """Fetch what is missing of a ticker and store it. With `force`, ask even where nothing newer can be expected.

        `told` is what the caller's organization is told of the ticker's exchange: by it, newer prices are expected. What is stored for all
        goes by what all are told. Raises RefreshFailed or MustWait.
        """
        with self._database.reader() as connection:
            loaded = series_store.load(connection, SHARED_ORG, ticker)
            fetch = fetch_store.find(connection, ticker)
            own_order = order_store.find(connection, ticker)
            shared_told = exchange_store.find_told(connection, SHARED_ORG, ticker) if loaded is None else loaded[0].exchange
        head = loaded[0] if loaded is not None else None
        known = _Known(ticker, head, loaded if loaded is not None and is_whole(*loaded) else None, fetch, shared_told, own_order)
        if not force and head is not None and known.stored is not None and self._is_current(head, known, told):
            return Refreshed(ticker, RefreshOutcome.CURRENT, head.provider, head.bars, head.last_day)
        return self._store(known, self._ask(known))

    def _is_current(self, head: SeriesHead, known: _Known, told: str | None) -> bool:
        """Whether the newest final day is stored, or was asked for in vain a short while ago."""
        moment, fetch = self._clock(), known.fetch
        newest = settling_exchange(head.ticker, told or known.told).newest_final_day(moment)
        if fetch is None or (known.own_order is not None and fetch.provider not in known.own_order.providers):
            return False
        if head.last_day >= newest:
            return fetch.provisional_day is None or fetch.provisional_day > newest
        return moment - fetch.fetched_at < ASKED_AGAIN

    def _ask(self, known: _Known) -> _Answer:
        """The answer of the first provider that has one.

        A provider that is left alone is waited for where no other one answers: its ticker would fail for a fault of all.
        """
        errors: list[ProviderError] = []
        wait: MustWait | None = None
        by_name = {each.provider.name: each for each in self._providers}
        order = asked_of(known.own_order, list(by_name))
        # The provider of the stored series first, if it is in the order.
        for configured in (by_name[name] for name in sorted(order, key=lambda name: name != known.provider)):
            try:
                return configured.ask(partial(self._fetch, configured, known))
            except ProviderError as error:
                errors.append(error)
                if isinstance(error, LeftAlone):
                    wait = wait or MustWait(Later(error.wait), str(error))
                elif error.fault is ProviderFault.EXHAUSTED:
                    wait = wait or _wait_for(configured, error, known.stored.since if known.stored is not None else None)
                    if known.provider == configured.provider.name:
                        break  # another provider's history would replace this one for want of a call
        if wait is not None:
            raise wait
        raise self._failed(known, errors)

    def fetch_elsewhere(self, ticker: str, but: str, since: date) -> tuple[str, Fetched] | None:
        """What the first other provider that has the ticker answers, with its name, for a comparison; None where none has it.

        Raises MustWait.
        """
        for configured in self._providers:
            if configured.provider.name == but:
                continue
            try:
                return configured.provider.name, configured.ask(partial(configured.provider.fetch, ticker, since))
            except ProviderError as error:
                if error.fault is ProviderFault.EXHAUSTED:
                    raise _wait_for(configured, error, since) from error
        return None

    def _fetch(self, configured: Configured, known: _Known) -> _Answer:
        provider, stored = configured.provider, known.stored
        reason = None
        if stored is not None and known.series is not None and known.provider == provider.name:
            fetched = provider.fetch(known.ticker, stored.since)
            is_other_kind = len(fetched.packed) > 0 and fetched.adjusted != known.series[0].adjusted
            reason = "adjusted closes are delivered no longer, or only now" if is_other_kind else why_whole(stored, fetched)
            if reason is None:
                joined = top_up(stored, fetched)
                return _Answer(provider.name, fetched, _newest(joined.packed), False, None, joined.added, joined.replaced)
        elif known.series is not None:
            reason = f"the stored prices are of {known.series[0].provider}"
        fetched = provider.fetch(known.ticker, None)
        packed = _newest(fetched.packed)
        added, changed = _compare(known, packed)
        _check_whole(configured, known, packed)
        return _Answer(provider.name, fetched, packed, True, reason, added, changed)

    def _store(self, known: _Known, answer: _Answer) -> Refreshed:
        """Store an answer as one, unless the series has changed since it was read: then another has refreshed it meanwhile."""
        with self._database.transaction() as connection:
            series_store.lock_ticker(connection, SHARED_ORG, known.ticker)
            moment = self._clock()  # as late as can be: if this replaces the history, results of before are superseded
            present = series_store.find_head(connection, SHARED_ORG, known.ticker)
            if present is not None and present != known.head:
                return Refreshed(known.ticker, RefreshOutcome.CURRENT, present.provider, present.bars, present.last_day)
            outcome = _outcome(known, answer)
            if outcome is RefreshOutcome.UNCHANGED and known.series is not None:
                head = known.series[0]
            else:
                head = _save(connection, known, answer, moment)
                stored = events.Stored(answer.provider, outcome.name.lower(), answer.added, answer.changed)
                events.tell_of_prices(connection, head, answer.packed, stored)
            fetch = _fetch_of(known, answer, outcome, moment)
            fetch_store.save(connection, fetch)
        log.info("prices refreshed", ticker=known.ticker, provider=answer.provider, outcome=outcome.value, added=answer.added)
        numbers = (answer.added, answer.changed)
        return Refreshed(
            known.ticker, outcome, answer.provider, head.bars, head.last_day, *numbers, answer.reason, fetch.provisional_day is not None
        )

    def _failed(self, known: _Known, errors: Sequence[ProviderError]) -> RefreshFailed:
        message = " ".join(str(error) for error in errors) or self._why_nobody(known)
        is_unknown = bool(errors) and all(error.fault is ProviderFault.UNKNOWN_TICKER for error in errors)
        failure = FetchFailure("ticker_not_found" if is_unknown else "prices_unavailable", message, self._clock())
        with self._database.transaction() as connection:
            fetch_store.save_failure(connection, known.ticker, failure)
        return RefreshFailed(failure.code, message)

    def _why_nobody(self, known: _Known) -> str:
        if known.own_order is None:
            return "No provider is configured."
        configured = ", ".join(each.provider.name for each in self._providers) or "none"
        own = ", ".join(known.own_order.providers)
        return (
            f"{known.ticker} is asked of {own} only, and PRICE_PROVIDERS has {configured}. Configure one of them, or change the ticker's "
            f"providers by PUT /api/v1/tickers/{known.ticker}/providers."
        )


def _outcome(known: _Known, answer: _Answer) -> RefreshOutcome:
    if known.series is None:
        return RefreshOutcome.NEW
    if answer.is_whole and (answer.changed or known.provider != answer.provider):
        return RefreshOutcome.REPLACED
    return RefreshOutcome.EXTENDED if answer.added or answer.changed else RefreshOutcome.UNCHANGED


def _fetch_of(known: _Known, answer: _Answer, outcome: RefreshOutcome, moment: datetime) -> SeriesFetch:
    before, fetched = known.fetch, answer.fetched
    if len(fetched.packed):
        provisional = None if is_final(known.ticker, fetched, known.told, moment) else fetched.packed.last_day()
    else:
        provisional = before.provisional_day if before is not None else None
    listed = fetched.listing.exchange if fetched.listing is not None else None
    return SeriesFetch(
        ticker=known.ticker,
        provider=answer.provider,
        fetched_at=moment,
        provisional_day=provisional,
        currency=fetched.currency or (before.currency if before is not None else None),
        time_zone=fetched.time_zone or (before.time_zone if before is not None else None),
        exchange=listed or (before.exchange if before is not None else None),
        is_whole=answer.is_whole,
        reason=answer.reason,
        added=answer.added,
        changed=answer.changed,
        replaced_at=moment if outcome is RefreshOutcome.REPLACED else (before.replaced_at if before is not None else None),
    )


def _wait_for(configured: Configured, error: ProviderError, since: date | None) -> MustWait:
    seconds = error.retry_after if isinstance(error, BudgetSpent) else configured.budget.wait()
    return MustWait(Later(max(seconds or 0.0, 1.0), configured.budget.rates, configured.provider.cost(since)), str(error))


def _newest(packed: PackedBars) -> PackedBars:
    return packed.rows(max(len(packed) - MOST_BARS, 0), len(packed))


def _check_whole(configured: Configured, known: _Known, packed: PackedBars) -> None:
    """Refuse a whole history that has lost most days of the one that it would replace."""
    if known.series is None or known.provider != configured.provider.name or not len(packed):
        return
    before, after = known.series[1], packed
    expected = len(before.between(end=after.last_day()))
    if len(after) < LEAST_KEPT * expected or after.last_day() < before.rows(0, max(len(before) - 1, 1)).last_day():
        message = f"{configured.provider.name} answered with {len(after):,} bars of {known.ticker}, and {len(before):,} are stored."
        raise ProviderError(ProviderFault.BAD_ANSWER, message)


def _compare(known: _Known, packed: PackedBars) -> tuple[int, int]:
    """How many days of a whole history are new, and how many have another close or adjusted close than the stored series."""
    if known.series is None:
        return len(packed), 0
    ours, theirs, at_ours, at_theirs = in_common(known.series[1], packed)
    same = np.ones(len(at_ours), dtype=np.bool_)
    for row in (CLOSE, ADJ_CLOSE):
        same &= np.isclose(ours[row, at_ours], theirs[row, at_theirs], rtol=SAME, atol=0, equal_nan=True)
    return len(packed) - len(at_ours), int(np.count_nonzero(~same))


def _former(known: _Known, answer: _Answer, stored: Sequence[StoredAction]) -> Former:
    """What the series of before tells of the splits that an answer shows: that of the same provider."""
    if known.series is None or known.provider != answer.provider or not known.series[0].adjusted:
        return NOTHING_FORMER
    return Former(restated_since(known.series[1], answer.packed), [each.action for each in stored])


def _save(connection: Connection, known: _Known, answer: _Answer, moment: datetime) -> SeriesHead:
    """Store the series with the actions that the provider reports."""
    fetched = answer.fetched
    known_before = action_store.list_actions(connection, SHARED_ORG, known.ticker)
    if answer.is_whole:
        action_store.delete_all(connection, SHARED_ORG, known.ticker)
    reported = sorted(fetched.actions, key=lambda action: action.effective_day)[-MOST_ACTIONS:]
    for action in reported:
        action_store.insert(connection, SHARED_ORG, known.ticker, StoredAction(new_id(), action, answer.provider, moment))
    actions = action_store.list_actions(connection, SHARED_ORG, known.ticker)
    # Whoever delivers adjusted closes may tell of no splits; who holds shares has to know of them.
    splits = splits_within(answer.packed, _former(known, answer, known_before)) if fetched.adjusted else ()
    shown = [StoredAction(new_id(), action, answer.provider, moment) for action in splits]
    found = new_among(shown, actions)[: max(MOST_ACTIONS - len(actions), 0)]
    for stored in found:
        action_store.insert(connection, SHARED_ORG, known.ticker, stored)
    actions += found
    adjustment = adjustment_of(answer.packed, fetched.adjusted, fetched.bases, actions)
    name = (fetched.listing.name if fetched.listing is not None else None) or (known.series[0].name if known.series is not None else None)
    description = SeriesDescription(SHARED_ORG, known.ticker, name, answer.provider, fetched.adjusted, adjustment.bases, adjustment.steps)
    head = head_of(description, answer.packed)
    if answer.is_whole or known.series is None:
        series_store.save(connection, head, answer.packed, moment, fetched.bases)
    else:
        series_store.save_newest(connection, known.series, (head, answer.packed), moment, fetched.bases)
    if known.head is not None:
        events.tell_of_splits(connection, known.head, reported, answer.provider)
    if fetched.listing is not None:
        listing = replace(fetched.listing, currency=fetched.listing.currency or fetched.currency)
        remember(connection, SHARED_ORG, [listing], answer.provider)
    return head
