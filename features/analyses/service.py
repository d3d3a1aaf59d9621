"""Analysing a ticker: find or make the result, once per fingerprint, and answer with the caller's position size."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from analysis.bars import adjusted_bars
from analysis.engine import ENGINE_VERSION, Fingerprints, analyse, parameters_of
from analysis.flips import find_flips
from analysis.quality import MINIMUM_BARS, is_sound, is_stale
from analysis.trade import size_position
from database import AnyReader, Database
from features.analyses import store as result_store
from features.prices import service as prices
from infrastructure.cache import Cache
from models.analysis import (
    DEFAULT_CAPITAL,
    DEFAULT_RISK_PERCENT,
    AnalysisOrder,
    Overrides,
    Parameters,
    Provenance,
    Sizing,
    Trade,
)
from models.cache import Region
from models.errors import InsufficientHistory, PricesDamaged, PricesReplaced, ResultNotFound, TickerNotFound
from models.flip import Flips
from models.price_series import BYTES_PER_BAR, PackedBars, SeriesHead
from models.result import AnalysisResult, NewResult, StoredResult
from models.strategy import STRATEGIES
from utils.cancellation import Check, always_wanted
from utils.clock import now, today
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AnalysisAnswer:
    """A result as JSON for one caller; `etag` differs where the JSON does."""

    body: str | bytes
    etag: str


@dataclass(frozen=True)
class Work:
    """What is left to do when there is no such result yet: the series that was read, its digest, and what the result will be known by.

    `read_at` is a moment before it was read: of two results, that of the newer prices is the later one, however long each takes.
    """

    head: SeriesHead
    packed: PackedBars
    sha256: str
    fingerprint: str
    read_at: datetime


class AnalysisPlan:
    """How tickers are analysed: what the same parameters make the same for each of them."""

    def __init__(self, strategy: str, overrides: Overrides) -> None:
        self.parameters = parameters_of(STRATEGIES[strategy], overrides)
        self.asked = dump(self.parameters).decode()
        self.keeps_latest = not overrides.any  # the screener shows what the strategy says, unchanged and of today
        self.seen_on = min(overrides.as_of or today(), today())
        self._as_of = overrides.as_of
        self._fingerprints = Fingerprints(self.parameters)

    def known_fingerprint(self, head: SeriesHead) -> str | None:
        """The fingerprint of an analysis of the whole series, whose digest is known without loading it; None when only a part is wanted."""
        if self._as_of is not None and self._as_of < head.last_day:
            return None
        return self._fingerprint(head, head.sha256, head.last_day)

    def work_on(self, head: SeriesHead, packed: PackedBars, read_at: datetime) -> Work:
        """What there is to do with a series that was loaded after `read_at`.

        Raises PricesDamaged when the bars are not what was stored, InsufficientHistory when there are too few up to the day wanted.
        """
        if len(packed.data) != head.bars * BYTES_PER_BAR:
            raise PricesDamaged(head.ticker)
        packed = packed.between(end=self._as_of)
        if len(packed) < MINIMUM_BARS:
            raise InsufficientHistory(head.ticker, len(packed), MINIMUM_BARS)
        sha256 = head.sha256 if len(packed) == head.bars else packed.sha256
        return Work(head, packed, sha256, self._fingerprint(head, sha256, packed.last_day()), read_at)

    def _fingerprint(self, head: SeriesHead, sha256: str, last_day: date) -> str:
        return self._fingerprints.of(head.ticker, sha256, is_stale(last_day, self.seen_on))


def analyse_ticker(database: Database, org_id: int, order: AnalysisOrder, cache: Cache) -> AnalysisAnswer:
    """Analyse a ticker, or return the stored result of the same work; who asks for what is being made already waits for it.

    Raises TickerNotFound or InsufficientHistory.
    """
    plan = AnalysisPlan(order.strategy, order.overrides)
    with database.reader() as connection:
        head, latest_id = prices.find_head_and_latest(connection, org_id, order.ticker, order.strategy)
    if head is None:
        raise TickerNotFound(order.ticker)
    looked_for = plan.known_fingerprint(head)
    if looked_for is not None:
        kept = cache.get(Region.ANALYSES, f"{org_id}:{looked_for}")
        if kept is not None:
            stored = _unpack(kept)
            if not plan.keeps_latest or stored.id == latest_id:
                return _sized(stored, order.sizing)
    work = f"{org_id}:{looked_for or f'{order.ticker}:{head.sha256}:{order.overrides.as_of}:{plan.asked}'}"
    # Who is to make it the latest does not leave that to somebody who began when another was, or when it was itself.
    work += f":{latest_id if plan.keeps_latest else ''}:{plan.keeps_latest}"
    stored = cache.once(Region.ANALYSES, work, lambda: _find_or_make(database, org_id, order.ticker, plan, looked_for))
    cache.put(Region.ANALYSES, f"{org_id}:{stored.fingerprint}", _pack(stored))
    return _sized(stored, order.sizing)


def _find_or_make(database: Database, org_id: int, ticker: str, plan: AnalysisPlan, looked_for: str | None) -> StoredResult:
    read_at = now()
    with database.reader() as connection:
        outcome = _look(connection, org_id, ticker, plan, looked_for, read_at)
    if isinstance(outcome, Work):
        return _store(database, org_id, make_result(outcome, plan), plan.keeps_latest)
    if plan.keeps_latest and not outcome.is_latest:
        # Prices went back to a state that was analysed before: its result is the latest again.
        with database.transaction() as connection:
            result_store.mark_latest(connection, org_id, outcome.stored.fingerprint, read_at)
    return outcome.stored


def _pack(stored: StoredResult) -> bytes:
    """A stored result as a cache keeps it: the JSON that is sent stays as it is."""
    columns = (stored.id, stored.ticker, stored.strategy, stored.as_of, stored.fingerprint, stored.parameters)
    return dump(columns) + b"\n" + stored.body.encode()


def _unpack(kept: bytes) -> StoredResult:
    columns, _, body = kept.partition(b"\n")
    result_id, ticker, strategy, as_of, fingerprint, parameters = parse_tolerant(columns)
    return StoredResult(result_id, ticker, strategy, date.fromisoformat(as_of), fingerprint, parameters, body.decode())


def result_body(database: Database, org_id: int, result_id: str, cache: Cache) -> tuple[str, bytes]:
    """A result's fingerprint and JSON, which never change. Raises ResultNotFound."""
    kept = cache.get(Region.RESULTS, f"{org_id}:{result_id}")
    if kept is None:
        with database.reader() as connection:
            found = result_store.find_body(connection, org_id, result_id)
        if found is None:
            raise ResultNotFound(result_id)
        kept = f"{found[0]}\n{found[1]}".encode()
        cache.put(Region.RESULTS, f"{org_id}:{result_id}", kept)
    fingerprint, _, body = kept.partition(b"\n")
    return fingerprint.decode(), body


def flips_of(database: Database, org_id: int, result_id: str, check: Check = always_wanted) -> tuple[StoredResult, Flips]:
    """What would change a stored result's verdict, found by running the engine again on the same bars.

    Raises ResultNotFound, PricesReplaced when those bars are no longer stored, or what `check` raises.
    """
    with database.reader() as connection:
        stored = result_store.find(connection, org_id, result_id)
        if stored is None:
            raise ResultNotFound(result_id)
        loaded = prices.load(connection, org_id, stored.ticker)
    if loaded is None:
        raise PricesReplaced(stored.ticker, stored.as_of)
    head, packed = loaded
    packed = packed.between(end=stored.as_of)
    if packed.sha256 != parse_tolerant(stored.body)["provenance"]["bars_sha256"]:
        raise PricesReplaced(stored.ticker, stored.as_of)
    asked = parse_tolerant(stored.parameters)
    parameters = Parameters(**{**asked, "indicators": tuple(asked["indicators"])})
    return stored, find_flips(adjusted_bars(packed, head.adjusted), parameters, check)


@dataclass(frozen=True)
class _Found:
    """The result of the same work, and whether it is the latest of its ticker and strategy."""

    stored: StoredResult
    is_latest: bool


def _look(connection: AnyReader, org_id: int, ticker: str, plan: AnalysisPlan, looked_for: str | None, read_at: datetime) -> _Found | Work:
    if looked_for is not None:
        found = result_store.find_by_fingerprint(connection, org_id, looked_for)
        if found is not None:
            return _Found(*found)
    loaded = prices.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    work = plan.work_on(*loaded, read_at)
    if work.fingerprint != looked_for:
        found = result_store.find_by_fingerprint(connection, org_id, work.fingerprint)
        if found is not None:
            return _Found(*found)
    return work


def make_result(work: Work, plan: AnalysisPlan) -> NewResult:
    """Run the engine and put the result together; touches no database. Raises PricesDamaged for bars that no analysis can be made of."""
    head = work.head
    if not is_sound(work.packed, head.adjusted):
        raise PricesDamaged(head.ticker)
    analysis = analyse(adjusted_bars(work.packed, head.adjusted), plan.parameters, plan.seen_on)
    if not (math.isfinite(analysis.score) and math.isfinite(analysis.close)):
        raise PricesDamaged(head.ticker)
    result = AnalysisResult(
        id=new_id(),
        ticker=head.ticker,
        as_of=analysis.as_of,
        bars=analysis.bars,
        strategy=plan.parameters.strategy,
        close=analysis.close,
        score=analysis.score,
        verdict=analysis.verdict,
        signal=analysis.signal,
        indicators=analysis.indicators,
        levels=analysis.levels,
        trade=analysis.trade,
        warnings=analysis.warnings + prices.provider_warnings(head.provider),
        provenance=Provenance(
            provider=head.provider,
            first=work.packed.first_day(),
            last=analysis.as_of,
            bars_sha256=work.sha256,
            adjustment="adj_close" if head.adjusted else "none",
            engine_version=ENGINE_VERSION,
        ),
        fingerprint=work.fingerprint,
        created_at=work.read_at,
    )
    return NewResult(result, plan.asked, dump(result).decode())


def _store(database: Database, org_id: int, made: NewResult, keep_latest: bool) -> StoredResult:
    result = made.result
    with database.transaction() as connection:
        inserted = result_store.insert(connection, org_id, made)
        if keep_latest:
            result_store.mark_latest(connection, org_id, result.fingerprint, result.created_at)
        if not inserted:
            # Somebody else did the same work at the same moment and was first.
            found = result_store.find_by_fingerprint(connection, org_id, result.fingerprint)
            assert found is not None
            return found[0]
    log.info("analysed", ticker=result.ticker, strategy=result.strategy, verdict=str(result.verdict), result_id=result.id)
    return StoredResult(result.id, result.ticker, result.strategy, result.as_of, result.fingerprint, made.parameters, made.body)


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
