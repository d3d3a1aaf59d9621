"""Finds or computes the record of a strategy's verdicts on a ticker.

It is stored once per fingerprint; the live record is added to each answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError

from analysis.bars import Bars, adjusted_bars
from analysis.engine import ENGINE_RELEASED, Fingerprints, basis_of, parameters_of, signal_history
from analysis.evidence import DEFINITIONS, EvidenceRules, evidence_of, fan_of, interval_of
from analysis.live import LiveRules, live_records
from analysis.outcomes import first_day_that_counts
from analysis.quality import MINIMUM_BARS, is_sound
from database import Database
from features.analyses import service as analyses
from features.evidence.backtests import find_backtest
from features.evidence.calibrations import Reading, Wanted, find_universe
from features.evidence.evidence_csv import evidence_csv, universe_csv
from features.evidence.flags import EVIDENCE
from features.evidence.store import evidence as evidence_store
from features.evidence.store.evidence import NewEvidence
from features.prices import service as prices
from infrastructure.cache import Cache
from models.analysis import Overrides, Parameters
from models.cache import Region
from models.day_text import day_text
from models.errors import InsufficientHistory, TickerNotFound
from models.evidence import WARMUP, Evidence, EvidenceOrder, HorizonEvidence, ToldVerdict
from models.price_errors import PricesDamaged
from models.price_series import PackedBars, SeriesHead
from models.strategy import Strategy
from utils.clock import now
from utils.database_errors import reason_of, refuses_writes
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)

__all__ = [
    "EVIDENCE", "EvidenceAnswer", "Reading", "Sought", "Wanted", "answer", "evidence_csv", "find_backtest", "find_universe", "seek",
    "universe_csv",
]  # fmt: skip

FORM = 1  # of the stored JSON; raised with every change of it that no version of the engine tells
_KEPT_PARAMETERS = 64
_SEED_DIGITS = 8  # of a fingerprint: a seed is an exact number in every reader of JSON


@dataclass(frozen=True)
class EvidenceAnswer:
    """Evidence as JSON; different JSON has a different `etag`."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Sought:
    """What is asked for, and what is stored of it: the `body`, and what stored results said. `packed` is the series, if it was read."""

    org_id: int
    order: EvidenceOrder
    fingerprint: str
    body: str | None
    told: Sequence[ToldVerdict]
    packed: tuple[SeriesHead, PackedBars] | None

    @property
    def live_since(self) -> date:
        """Since when stored results are a record that nobody could have seen when rules and weights were chosen."""
        return max(ENGINE_RELEASED, self.order.strategy.since or ENGINE_RELEASED)


def seek(database: Database, org_id: int, order: EvidenceOrder) -> Sought:
    """What is stored of some evidence. Raises TickerNotFound."""
    with database.reader() as connection:
        head = prices.find_head(connection, org_id, order.ticker)
        if head is None:
            raise TickerNotFound(order.ticker)
        series = None
        if order.end is not None and order.end < head.last_day:
            series = prices.load(connection, org_id, order.ticker)
            if series is None:
                raise TickerNotFound(order.ticker)
        fingerprint = _Key(order, head.sha256 if series is None else prices.cut_series(*series, order.end)[0]).fingerprint
        body = evidence_store.find_body(connection, org_id, fingerprint)
        told = analyses.told_verdicts(connection, org_id, order.ticker, order.strategy)
    return Sought(org_id, order, fingerprint, body, told, series)


def answer(database: Database, sought: Sought, cache: Cache) -> EvidenceAnswer:
    """Evidence with its live record; computed and stored where it is not stored yet. Concurrent callers share one computation.

    Raises TickerNotFound, InsufficientHistory or PricesDamaged.
    """
    body, fingerprint = sought.body, sought.fingerprint
    if body is None:
        key = f"{sought.org_id}:{fingerprint}"
        fingerprint, body = cache.once(Region.EVIDENCE, key, lambda: _compute_and_store(database, sought))
    if not sought.told:
        return EvidenceAnswer(body.encode(), fingerprint)
    _, bars = _adjusted(sought.order, _load(database, sought))
    rules = LiveRules(sought.live_since, sought.order.cost_bp, sought.order.start)
    live = live_records(bars, sought.told, sought.order.horizons, rules)
    if not live:
        return EvidenceAnswer(body.encode(), fingerprint)
    evidence: dict[str, Any] = parse_tolerant(body)
    for horizon in evidence["horizons"]:
        for verdict in horizon["verdicts"]:
            verdict["live"] = live.get(horizon["h"], {}).get(verdict["verdict"])
    told = dump(evidence)
    return EvidenceAnswer(told, f"{fingerprint}-{hashlib.sha256(told).hexdigest()[:16]}")


@lru_cache(maxsize=_KEPT_PARAMETERS)
def _parameters(strategy: Strategy) -> tuple[Parameters, Fingerprints]:
    parameters = parameters_of(strategy, Overrides())
    return parameters, Fingerprints(parameters)


class _Key:
    """What evidence depends on: the analysed bars, parameters and engine, and with them what was asked. `seed` is of the former alone."""

    def __init__(self, order: EvidenceOrder, sha256: str) -> None:
        analysed = _parameters(order.strategy)[1].of(order.ticker, sha256, None)
        self.seed = int(analysed[:_SEED_DIGITS], 16)
        inputs = (FORM, analysed, order.horizons, order.cost_bp, order.start)
        self.fingerprint = hashlib.sha256(dump(inputs)).hexdigest()


def _load(database: Database, sought: Sought) -> tuple[SeriesHead, PackedBars]:
    if sought.packed is not None:
        return sought.packed
    with database.reader() as connection:
        loaded = prices.load(connection, sought.org_id, sought.order.ticker)
    if loaded is None:
        raise TickerNotFound(sought.order.ticker)
    return loaded


def _adjusted(order: EvidenceOrder, series: tuple[SeriesHead, PackedBars]) -> tuple[str, Bars]:
    """The digest of the bars that are analysed, and these, adjusted. Raises PricesDamaged or InsufficientHistory."""
    head, whole = series
    sha256, packed = prices.cut_series(head, whole, order.end)
    if len(packed) < MINIMUM_BARS:
        raise InsufficientHistory(order.ticker, len(packed), MINIMUM_BARS)
    if not is_sound(packed, head.adjusted):
        raise PricesDamaged(order.ticker)
    return sha256, adjusted_bars(packed, head.adjusted, head.steps)


def _compute_and_store(database: Database, sought: Sought) -> tuple[str, str]:
    sha256, bars = _adjusted(sought.order, _load(database, sought))
    key = _Key(sought.order, sha256)  # the prices may have changed since the head was read
    body = dump(_evidence(sought.order, bars, key)).decode()
    _keep(database, sought.org_id, NewEvidence(sought.order.ticker, key.fingerprint, body, now()))
    log.info("evidence computed", ticker=sought.order.ticker, strategy=sought.order.strategy.id, bars=len(bars))
    return key.fingerprint, body


def _keep(database: Database, org_id: int, new: NewEvidence) -> None:
    """Store evidence. Where the database refuses writes, a reader is served all the same."""
    try:
        with database.one_statement() as connection:
            evidence_store.insert(connection, org_id, new)
    except SQLAlchemyError as error:
        if not refuses_writes(error):
            raise
        log.warning("evidence not kept", ticker=new.ticker, reason=reason_of(error))


def _evidence(order: EvidenceOrder, bars: Bars, key: _Key) -> Evidence:
    parameters, _ = _parameters(order.strategy)
    scores = signal_history(bars, parameters).score
    first = first_day_that_counts(bars, None if order.start is None else np.datetime64(order.start))
    horizons = evidence_of(bars, scores, order.horizons, EvidenceRules(order.cost_bp, key.seed, first))
    return Evidence(
        ticker=order.ticker,
        strategy=order.strategy.id,
        basis=basis_of(parameters),
        first=bars.day(0),
        last=bars.day(-1),
        days=len(bars),
        warmup=WARMUP,
        cost_bp=order.cost_bp,
        start=order.start,
        note=_note(order, bars, horizons),
        horizons=horizons,
        fan=fan_of(bars, scores, first),
        interval=interval_of(key.seed),
        definitions=DEFINITIONS,
        fingerprint=key.fingerprint,
        strategy_version=order.strategy.version,
    )


def _note(order: EvidenceOrder, bars: Bars, horizons: Sequence[HorizonEvidence]) -> str | None:
    """Why some horizons are left out."""
    missing = sorted(set(order.horizons) - {horizon.h for horizon in horizons})
    if not missing:
        return None
    *others, last = map(str, missing)
    days = f"{', '.join(others)} and {last} days" if others else "1 day" if last == "1" else f"{last} days"
    which = "any horizon" if len(missing) == len(order.horizons) else days
    since = "" if order.start is None else f" from {day_text(order.start)} on"
    return (
        f"The history{since} is too short for {which}: a day counts with {WARMUP} bars before it and its outcome known, "
        f"and {order.ticker} has {len(bars):,} bars."
    )
