"""Analyses one ticker. A result is computed once per fingerprint and stored; each caller gets it with its own position size."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import structlog

from analysis.bars import Bars, adjusted_bars
from analysis.engine import ENGINE_VERSION, parameters_again
from analysis.flips import find_flips
from analysis.honesty import check_honesty, rule_of
from analysis.trade import size_position
from database import AnyReader, Database
from features.analyses.bulk_run import analyse_many, store_many
from features.analyses.failures import new_failure, note_failures
from features.analyses.marking import mark_latest
from features.analyses.plan import AnalysisPlan, Work, compute_result
from features.analyses.results_csv import result_pages, results_csv
from features.analyses.screened import first_page
from features.analyses.store import latest as latest_store
from features.analyses.store import result as result_store
from features.analyses.store.facts import LatestFacts, latest_facts, superseded_among
from features.analyses.store.failure import delete as forget_failures
from features.analyses.store.failure import delete_unfollowed as forget_unfollowed_failures
from features.analyses.store.failure import list_standing as standing_failures
from features.analyses.store.latest import Mark
from features.prices import service as prices
from infrastructure.audit import note
from infrastructure.cache import Cache
from infrastructure.replacements import Replacements
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, AnalysisOrder, Overrides, Parameters, Sizing
from models.bulk_analysis import Analysed, BulkParams
from models.cache import Region
from models.errors import InsufficientHistory, PricesReplaced, ResultNotFound, TickerNotFound
from models.evidence import ToldVerdict
from models.flip import Flips
from models.honesty import Honesty
from models.price_errors import PricesDamaged
from models.price_series import PackedBars, SeriesHead, digest_of
from models.result import NewResult, StoredResult
from models.screen import ScreenValues
from models.strategy import Strategy
from utils.cancellation import Check, always_wanted
from utils.clock import iso, now, parse_iso
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)

# The interface for other features. Functions that take a connection run within the caller's transaction.
__all__ = [
    "AnalysisAnswer", "LatestFacts", "analyse_ticker", "compute_flips", "compute_honesty", "first_page", "forget_failures",
    "forget_unfollowed_failures", "latest_facts", "result_body", "result_pages", "results_csv", "standing_failures",
    "superseded_among", "told_verdicts",
]  # fmt: skip


@dataclass(frozen=True)
class AnalysisAnswer:
    """A result as JSON for one caller; different JSON has a different `etag`."""

    body: str | bytes
    etag: str


@dataclass(frozen=True)
class _Target:
    """The ticker that an organization analyses by a plan, its series, and its latest result.

    `fingerprint` is None when only the bars can tell it.
    """

    org_id: int
    head: SeriesHead
    latest_id: str | None
    order: AnalysisOrder
    plan: AnalysisPlan
    fingerprint: str | None

    @property
    def work_key(self) -> str:
        """What is equal for callers that can share one computation."""
        order, plan = self.order, self.plan
        work = self.fingerprint or f"{order.ticker}:{self.head.sha256}:{order.overrides.as_of}:{plan.parameters_text}"
        # The latest result is part of the key: a computation that began while another result was the latest must not be shared.
        return f"{self.org_id}:{work}:{self.latest_id if plan.keeps_latest else ''}:{plan.keeps_latest}"


def analyse_ticker(database: Database, org_id: int, order: AnalysisOrder, cache: Cache) -> AnalysisAnswer:
    """Analyse a ticker, or return the stored result of the same analysis. Concurrent callers with the same order share one computation.

    Raises TickerNotFound, InsufficientHistory or PricesDamaged.
    """
    plan, asked_at = AnalysisPlan(order.strategy, order.overrides), now()
    with database.reader() as connection:
        head, latest_id = prices.find_head_and_latest(connection, org_id, order.ticker, order.strategy.id)
    try:
        if head is None:
            raise TickerNotFound(order.ticker)
        stored = _find_or_share(database, _Target(org_id, head, latest_id, order, plan, plan.known_fingerprint(head)), cache)
    except (TickerNotFound, InsufficientHistory, PricesDamaged) as error:
        if plan.keeps_latest:
            sha256 = None if head is None else head.sha256
            note_failures(database, org_id, [new_failure(error, order.ticker, order.strategy.id, sha256, asked_at)])
        raise
    return _apply_sizing(stored, order.strategy, order.sizing)


def _find_or_share(database: Database, target: _Target, cache: Cache) -> StoredResult:
    """The stored result from the cache, or by a computation that concurrent callers share."""
    if target.fingerprint is not None:
        cached = cache.get(Region.ANALYSES, f"{target.org_id}:{target.fingerprint}")
        if cached is not None:
            stored = _unpack(cached)
            if not target.plan.keeps_latest or stored.id == target.latest_id:
                return stored
    stored = cache.once(Region.ANALYSES, target.work_key, lambda: _find_or_compute(database, target))
    cache.put(Region.ANALYSES, f"{target.org_id}:{stored.fingerprint}", _pack(stored))
    return stored


class ResultBody(NamedTuple):
    """A result's JSON, and what tells whether it may be superseded. All of it is immutable."""

    fingerprint: str
    body: bytes
    ticker: str
    created_at: datetime

    @property
    def is_of_upload(self) -> bool:
        """Whether its prices are the organization's own, which no refresh replaces."""
        return b'"provider":"upload"' in self.body


def result_body(database: Database, org_id: int, result_id: str, cache: Cache) -> ResultBody:
    """A result as it is sent. Raises ResultNotFound."""
    key = f"{org_id}:{result_id}:sent"  # without the last part, versions before kept less under it
    cached = cache.get(Region.RESULTS, key)
    if cached is None:
        with database.reader() as connection:
            row = result_store.find_body(connection, org_id, result_id)
        if row is None:
            raise ResultNotFound(result_id)
        fingerprint, body, ticker, created_at = row
        cached = f"{fingerprint} {ticker} {iso(created_at)}\n{body}".encode()
        cache.put(Region.RESULTS, key, cached)
    head, _, sent = cached.partition(b"\n")
    fingerprint, ticker, moment = head.decode().split(" ")
    return ResultBody(fingerprint, sent, ticker, parse_iso(moment))


def is_superseded(database: Database, org_id: int, result_id: str, result: ResultBody, replacements: Replacements) -> bool:
    """Whether the history that a result was computed from was replaced as one since, but for the last second."""
    if not replacements.may_have_come_after(result.ticker, result.created_at) or result.is_of_upload:
        return False
    with database.reader() as connection:
        return result_store.is_superseded(connection, org_id, result_id)


def told_verdicts(connection: AnyReader, org_id: int, ticker: str, strategy: Strategy) -> list[ToldVerdict]:
    """What stored results of this version of the engine say by day, by a strategy as it is; superseded ones are left out."""
    plan = AnalysisPlan(strategy, Overrides())
    wanted = {"strategy": strategy.id, "parameters": plan.parameters_text, "engine_version": ENGINE_VERSION}
    return result_store.find_told(connection, org_id, ticker, wanted)


class _Again(NamedTuple):
    """A stored result with the bars that it was computed from, and its parameters."""

    stored: StoredResult
    head: SeriesHead
    packed: PackedBars
    parameters: Parameters

    def bars(self, start: int, stop: int) -> Bars:
        """The bars between two indexes, adjusted as if no others were known."""
        return adjusted_bars(self.packed.rows(start, stop), self.head.adjusted, self.head.steps)


def compute_flips(database: Database, org_id: int, result_id: str, check: Check = always_wanted) -> tuple[StoredResult, Flips]:
    """The nearest closes at which a stored result's verdict changes, computed from the same bars.

    Raises ResultNotFound, PricesReplaced when those bars are no longer stored, or what `check` raises.
    """
    again = _load_again(database, org_id, result_id)
    return again.stored, find_flips(again.bars(0, len(again.packed)), again.parameters, check)


def compute_honesty(database: Database, org_id: int, result_id: str, check: Check = always_wanted) -> tuple[StoredResult, Honesty]:
    """Whether scores by a stored result's parameters know the future or depend on where its history begins. Raises as `compute_flips`."""
    again = _load_again(database, org_id, result_id)
    return again.stored, check_honesty(len(again.packed), again.bars, rule_of(again.parameters), check)


def _load_again(database: Database, org_id: int, result_id: str) -> _Again:
    with database.reader() as connection:
        stored = result_store.find(connection, org_id, result_id)
        if stored is None:
            raise ResultNotFound(result_id)
        loaded = prices.load(connection, org_id, stored.ticker)
    if loaded is None:
        raise PricesReplaced(stored.ticker, stored.as_of)
    head, packed = loaded
    packed = packed.between(end=stored.as_of)
    if digest_of(packed, head.steps) != parse_tolerant(stored.body)["provenance"]["bars_sha256"]:
        raise PricesReplaced(stored.ticker, stored.as_of)
    return _Again(stored, head, packed, parameters_again(parse_tolerant(stored.parameters)))


@dataclass(frozen=True)
class _Existing:
    """The stored result of the same analysis, and whether it is the latest of its ticker and strategy."""

    stored: StoredResult
    is_latest: bool


def _find_or_compute(database: Database, target: _Target) -> StoredResult:
    plan = target.plan
    if plan.keeps_latest and target.latest_id is None:
        _restate(database, target)
    read_at = now()
    with database.reader() as connection:
        existing = _find(connection, target.org_id, target.fingerprint)
        if existing is None:
            loaded = prices.load(connection, target.org_id, target.head.ticker)
            if loaded is None:
                raise TickerNotFound(target.head.ticker)
            work: Work = plan.prepare(*loaded, read_at)
            if work.origin.fingerprint != target.fingerprint:
                existing = _find(connection, target.org_id, work.origin.fingerprint)
    if existing is None:
        return _store(database, target.org_id, compute_result(work, plan), plan.keeps_latest)
    if plan.keeps_latest and not existing.is_latest:
        # The prices are again in a state that was analysed earlier, so that result becomes the latest.
        with database.transaction() as connection:
            mark_latest(connection, [Mark(target.org_id, existing.stored.fingerprint, read_at)])
    return existing.stored


def _restate(database: Database, target: _Target) -> None:
    """Analyse a ticker whose latest result is superseded as a job does: that result's day as well, by the new prices."""
    org_id, ticker, strategy = target.org_id, target.order.ticker, target.order.strategy
    with database.reader() as connection:
        if not latest_store.is_superseded(connection, org_id, strategy.id, ticker):
            return  # there is no latest result
    found = {key: one for key, one in analyse_many(database, org_id, BulkParams(strategy), [ticker]) if isinstance(one, Analysed)}
    with database.transaction() as connection:
        store_many(connection, org_id, found)


def _find(connection: AnyReader, org_id: int, fingerprint: str | None) -> _Existing | None:
    row = None if fingerprint is None else result_store.find_by_fingerprint(connection, org_id, fingerprint)
    return None if row is None else _Existing(*row)


def _store(database: Database, org_id: int, new: NewResult, keep_latest: bool) -> StoredResult:
    result = new.result
    with database.transaction() if keep_latest else database.one_statement() as connection:
        inserted = result_store.insert(connection, org_id, new)
        if keep_latest:
            mark_latest(connection, [Mark(org_id, result.fingerprint, result.created_at, ScreenValues.of(result))])
        note(connection, target=f"results/{result.id}")
        if not inserted:
            # Another process stored the result of the same analysis meanwhile.
            existing = _find(connection, org_id, result.fingerprint)
            assert existing is not None
            return existing.stored
    log.info("analysed", ticker=result.ticker, strategy=result.strategy, verdict=str(result.verdict), result_id=result.id)
    return StoredResult(result.id, result.ticker, result.strategy, result.as_of, result.fingerprint, new.parameters, new.body)


def _pack(stored: StoredResult) -> bytes:
    """A stored result as bytes for the cache. The body, which is JSON, is not encoded again."""
    columns = (stored.id, stored.ticker, stored.strategy, stored.as_of, stored.fingerprint, stored.parameters)
    return dump(columns) + b"\n" + stored.body.encode()


def _unpack(cached: bytes) -> StoredResult:
    columns, _, body = cached.partition(b"\n")
    result_id, ticker, strategy, as_of, fingerprint, parameters = parse_tolerant(columns)
    return StoredResult(result_id, ticker, strategy, date.fromisoformat(as_of), fingerprint, parameters, body.decode())


def _apply_sizing(stored: StoredResult, strategy: Strategy, sizing: Sizing) -> AnalysisAnswer:
    """The stored result with the caller's position size; the stored body unchanged when the sizing is the default."""
    default_cap = strategy.max_position_percent
    cap = default_cap if sizing.max_position_percent is None else sizing.max_position_percent
    if (sizing.capital, sizing.risk_percent, cap) == (DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, default_cap):
        return AnalysisAnswer(stored.body, stored.fingerprint)
    result = parse_tolerant(stored.body)
    trade = result["trade"]
    if trade is not None:
        trade |= size_position(trade["entry"], trade["stop_loss"], sizing.capital, sizing.risk_percent, cap)._asdict()
    sizing_digest = hashlib.sha256(repr((sizing.capital, sizing.risk_percent, cap)).encode()).hexdigest()
    return AnalysisAnswer(dump(result), f"{stored.fingerprint}-{sizing_digest[:16]}")
