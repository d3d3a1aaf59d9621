"""Analysing a ticker: find or make the result, once per fingerprint, and answer with the caller's position size."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import date

import structlog

import database
from analysis.bars import adjusted_bars
from analysis.engine import ENGINE_VERSION, analyse, fingerprint, parameters_of
from analysis.flips import find_flips
from analysis.quality import MINIMUM_BARS, is_stale
from analysis.trade import size_position
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, AnalysisOrder, Parameters, Provenance, Sizing, Trade
from models.errors import InsufficientHistory, PricesReplaced, ResultNotFound, TickerNotFound
from models.flip import Flips
from models.price_series import PackedBars, SeriesHead
from models.result import AnalysisResult, StoredResult
from models.strategy import STRATEGIES
from store import price as price_store
from store import result as result_store
from utils.clock import now, today
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AnalysisAnswer:
    """A result as JSON for one caller; `etag` differs where the JSON does."""

    body: str | bytes
    etag: str


def analyse_ticker(org_id: int, order: AnalysisOrder) -> AnalysisAnswer:
    """Analyse a ticker, or return the stored result of the same work.

    Raises TickerNotFound or InsufficientHistory.
    """
    parameters = parameters_of(STRATEGIES[order.strategy], order.overrides)
    seen_on = min(order.overrides.as_of or today(), today())
    keep_latest = not order.overrides.any
    with database.reader() as connection:
        outcome = _look(connection, org_id, order, parameters, seen_on)
    if isinstance(outcome, _Work):
        result = _make_result(order.ticker, outcome, parameters, seen_on)
        stored = _store(org_id, result, parameters, keep_latest)
    else:
        stored = outcome.stored
        if keep_latest and not outcome.is_latest:
            # Prices went back to a state that was analysed before: its result is the latest again.
            with database.transaction() as connection:
                result_store.mark_latest(connection, org_id, stored.fingerprint, now())
    return _sized(stored, order.sizing)


def flips_of(org_id: int, result_id: str) -> tuple[StoredResult, Flips]:
    """What would change a stored result's verdict, found by running the engine again on the same bars.

    Raises ResultNotFound, or PricesReplaced when those bars are no longer stored.
    """
    with database.read() as connection:
        stored = result_store.find(connection, org_id, result_id)
        if stored is None:
            raise ResultNotFound(result_id)
        loaded = price_store.load(connection, org_id, stored.ticker)
    if loaded is None:
        raise PricesReplaced(stored.ticker, stored.as_of)
    head, packed = loaded
    packed = packed.between(end=stored.as_of)
    if packed.sha256 != parse_tolerant(stored.body)["provenance"]["bars_sha256"]:
        raise PricesReplaced(stored.ticker, stored.as_of)
    asked = parse_tolerant(stored.parameters)
    parameters = Parameters(**{**asked, "indicators": tuple(asked["indicators"])})
    return stored, find_flips(adjusted_bars(packed, head.adjusted), parameters)


@dataclass(frozen=True)
class _Found:
    """The result of the same work, and whether it is the latest of its ticker and strategy."""

    stored: StoredResult
    is_latest: bool


@dataclass(frozen=True)
class _Work:
    """What is left to do when there is no such result yet."""

    head: SeriesHead
    packed: PackedBars
    sha256: str
    fingerprint: str


def _look(connection: database.AnyReader, org_id: int, order: AnalysisOrder, parameters: Parameters, seen_on: date) -> _Found | _Work:
    ticker, as_of = order.ticker, order.overrides.as_of
    head = price_store.find_head(connection, org_id, ticker)
    if head is None:
        raise TickerNotFound(ticker)
    looked_for = None
    if as_of is None or as_of >= head.last_day:
        # The whole series: its digest is known without loading it.
        looked_for = fingerprint(ticker, head.sha256, parameters, is_stale(head.last_day, seen_on))
        found = result_store.find_by_fingerprint(connection, org_id, looked_for)
        if found is not None:
            return _Found(*found)
    loaded = price_store.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    packed = packed.between(end=as_of)
    if len(packed) < MINIMUM_BARS:
        raise InsufficientHistory(ticker, len(packed), MINIMUM_BARS)
    sha256 = head.sha256 if len(packed) == head.bars else packed.sha256
    key = fingerprint(ticker, sha256, parameters, is_stale(packed.last_day(), seen_on))
    if key != looked_for:
        found = result_store.find_by_fingerprint(connection, org_id, key)
        if found is not None:
            return _Found(*found)
    return _Work(head, packed, sha256, key)


def _make_result(ticker: str, work: _Work, parameters: Parameters, seen_on: date) -> AnalysisResult:
    """Run the engine and put the result together; touches no database."""
    head = work.head
    analysis = analyse(adjusted_bars(work.packed, head.adjusted), parameters, seen_on)
    return AnalysisResult(
        id=new_id(),
        ticker=ticker,
        as_of=analysis.as_of,
        bars=analysis.bars,
        strategy=parameters.strategy,
        close=analysis.close,
        score=analysis.score,
        verdict=analysis.verdict,
        signal=analysis.signal,
        indicators=analysis.indicators,
        levels=analysis.levels,
        trade=analysis.trade,
        warnings=analysis.warnings,
        provenance=Provenance(
            provider=head.provider,
            first=work.packed.first_day(),
            last=analysis.as_of,
            bars_sha256=work.sha256,
            adjustment="adj_close" if head.adjusted else "none",
            engine_version=ENGINE_VERSION,
        ),
        fingerprint=work.fingerprint,
        created_at=now(),
    )


def _store(org_id: int, result: AnalysisResult, parameters: Parameters, keep_latest: bool) -> StoredResult:
    body, asked = dump(result), dump(parameters).decode()
    with database.transaction() as connection:
        inserted = result_store.insert(connection, org_id, result, asked, body.decode())
        if keep_latest:
            result_store.mark_latest(connection, org_id, result.fingerprint, result.created_at)
        if not inserted:
            # Somebody else did the same work at the same moment and was first.
            found = result_store.find_by_fingerprint(connection, org_id, result.fingerprint)
            assert found is not None
            return found[0]
    log.info("analysed", ticker=result.ticker, strategy=result.strategy, verdict=str(result.verdict), result_id=result.id)
    return StoredResult(result.id, result.ticker, result.strategy, result.as_of, result.fingerprint, asked, body.decode())


def _sized(stored: StoredResult, sizing: Sizing) -> AnalysisAnswer:
    """The stored result with the caller's position size; as it is stored when that is the default."""
    default_cap = STRATEGIES[stored.strategy].max_position_percent
    cap = default_cap if sizing.max_position_percent is None else sizing.max_position_percent
    if (sizing.capital, sizing.risk_percent, cap) == (DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, default_cap):
        return AnalysisAnswer(stored.body, stored.fingerprint)
    result = parse_tolerant(stored.body)
    if result["trade"] is not None:
        result["trade"] = dataclasses.asdict(size_position(Trade(**result["trade"]), sizing.capital, sizing.risk_percent, cap))
    sizing_digest = hashlib.sha256(repr((sizing.capital, sizing.risk_percent, cap)).encode()).hexdigest()
    return AnalysisAnswer(dump(result), f"{stored.fingerprint}-{sizing_digest[:16]}")
