"""Reads the evidence of universes: puts together what a job has counted, once it has ended, and finds the newest."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from analysis.calibration import Sums
from analysis.calibration_table import DEFINITIONS, interval_of, seed_of, tables_of
from analysis.engine import ENGINE_VERSION, basis_of, parameters_of
from analysis.record import percent
from database import Database
from features.evidence.parts import PartsChanged, add_up, drop
from features.evidence.store import calibration as calibration_store
from features.evidence.store.calibration import Calibration, Finished
from features.evidence.universe_jobs import CalibrationParams, read_params
from features.prices import service as prices
from infrastructure.feature import Universes
from infrastructure.sql.batches import delete_in_batches
from jobs import service as jobs
from models.analysis import Overrides
from models.errors import JobNotFound
from models.evidence import EVIDENCE, WARMUP, BeatHold, UniverseEvidence
from models.evidence_errors import EvidenceNotFound, EvidencePending, JobWithoutEvidence
from models.job import Job
from models.job_state import JobStatus
from models.price_series import day_of
from models.strategy import Strategy
from utils.clock import now
from utils.json_text import dump

log = structlog.get_logger(__name__)

ENDED_AFTER = timedelta(days=30)
KEPT = 5  # of an organization, a strategy and a universe
OPEN = 20  # that a reading looks at
TRIES = 5


@dataclass(frozen=True)
class Newest:
    """The newest evidence of a universe as JSON, and the job that is counting it anew; either may be None."""

    body: str | None
    job: Job | None


@dataclass(frozen=True)
class Reading:
    """How evidence is read: `before_work` is called before what an ended job has counted is put together, which takes a second or two."""

    database: Database
    org_id: int
    before_work: Callable[[], None] = lambda: None


def newest(reading: Reading, strategy: str, universe: str) -> Newest:
    """The newest evidence of a universe by a strategy. What an ended job has counted is put together by whoever asks first."""
    database, org_id = reading.database, reading.org_id
    with database.reader() as connection:
        found = calibration_store.find_newest(connection, org_id, strategy, universe)
        waiting = calibration_store.list_open(connection, org_id, strategy, universe, OPEN)
    running = None
    for one in waiting:
        job = _job_of(database, one)
        if job is not None and not job.is_finished:
            running = running or job
        elif job is not None and job.status is JobStatus.COMPLETED:
            reading.before_work()
            return Newest(_finish(database, one, job), running)
    if found is not None and found.has_parts:
        reading.before_work()
        return Newest(_finish(database, found, _job_of(database, found)), running)
    return Newest(None if found is None else found.body, running)


def of_job(reading: Reading, job_id: str) -> Newest:
    """The evidence that a job counts. Raises JobWithoutEvidence where there is none."""
    database, org_id = reading.database, reading.org_id
    with database.reader() as connection:
        found = calibration_store.find_of_job(connection, org_id, job_id)
    if found is None:
        found = _of_retry(database, org_id, job_id)
    job = _job_of(database, found)
    if job is not None and not job.is_finished:
        return Newest(found.body, job)
    has_completed = job is not None and job.status is JobStatus.COMPLETED
    if found.has_parts if found.body is not None else has_completed:
        reading.before_work()
        return Newest(_finish(database, found, job), None)
    return Newest(found.body, None)


def _of_retry(database: Database, org_id: int, job_id: str) -> Calibration:
    """The calibration to which a job adds tickers that failed before. Raises JobWithoutEvidence."""
    try:
        job = jobs.find(database, org_id, job_id)
    except JobNotFound:
        raise JobWithoutEvidence from None
    found = None
    if job.kind == EVIDENCE:
        with database.reader() as connection:
            found = calibration_store.find(connection, org_id, read_params(job.params).calibration_id)
    if found is None:
        raise JobWithoutEvidence
    return found


@dataclass(frozen=True)
class Wanted:
    """Whose evidence: the newest of a strategy over a universe, or with `job_id` that of a job."""

    strategy: Strategy
    universe: str
    job_id: str | None = None


def find_universe(reading: Reading, wanted: Wanted, universes: Universes) -> Newest:
    """The evidence of a universe, or the job that is counting it. Raises EvidenceNotFound, JobWithoutEvidence or UniverseNotFound."""
    if wanted.job_id is not None:
        found = of_job(reading, wanted.job_id)
        if found == Newest(None, None):
            raise JobWithoutEvidence
        return found
    found = newest(reading, wanted.strategy.key, wanted.universe)
    if found == Newest(None, None):
        with reading.database.read() as connection:
            prices.require_universe(connection, reading.org_id, wanted.universe, universes)
        raise EvidenceNotFound(wanted.strategy.id, wanted.universe)
    return found


def tidy_calibrations(database: Database, kept: int = KEPT) -> int:
    """Put together what ended jobs have counted; delete what others left, and old answers. Returns how many were deleted."""
    deleted = 0
    with database.reader() as connection:
        unfinished = calibration_store.list_unfinished(connection, OPEN)
    for one in unfinished:
        job = _job_of(database, one)
        if job is not None and not job.is_finished:
            continue
        if one.finished_at is None and (job is None or job.status is not JobStatus.COMPLETED):
            with database.transaction() as transaction:
                calibration_store.delete(transaction, one.id)
            deleted += 1
        else:
            _finish(database, one, job)
    return deleted + delete_in_batches(database, lambda connection, limit: calibration_store.delete_beyond(connection, kept, limit), KEPT)


def _job_of(database: Database, calibration: Calibration) -> Job | None:
    try:
        return jobs.find(database, calibration.org_id, calibration.job_id)
    except JobNotFound:
        return None


def _finish(database: Database, calibration: Calibration, job: Job | None) -> str:
    """Add up the parts, store sums and answer, and return the answer; done anew where others change the same parts meanwhile."""
    params = read_params(calibration.params)
    for _ in range(TRIES):
        with database.reader() as connection:
            sums, parts = add_up(connection, calibration.id, len(params.horizons))
        ended = None if job is None or calibration.finished_at is not None else job.finished_at
        finished_at = ended or now()
        body = dump(_evidence(calibration, params, sums, finished_at)).decode()
        finished = Finished(sums.pack(), body, finished_at, calibration.finished_at)
        with suppress(PartsChanged), database.transaction() as transaction:
            if not calibration_store.finish(transaction, calibration.id, finished):
                raise PartsChanged
            drop(transaction, calibration.id, parts)
            log.info("evidence of a universe finished", calibration_id=calibration.id, tickers=sums.counted, parts=len(parts))
            return body
        with database.reader() as connection:
            stored = calibration_store.find(connection, calibration.org_id, calibration.id)
        if stored is None:
            raise JobWithoutEvidence
        if stored.body is not None and not stored.has_parts:
            return stored.body
        calibration = stored
    raise EvidencePending(calibration.job_id)


def _evidence(calibration: Calibration, params: CalibrationParams, sums: Sums, finished_at: datetime) -> UniverseEvidence:
    seed = seed_of(sums)
    last = max(sums.lasts, default=None)
    ended = 0 if last is None else sum(count for day, count in sums.lasts.items() if day < last - ENDED_AFTER.days)
    return UniverseEvidence(
        id=calibration.id,
        job_id=calibration.job_id,
        strategy=params.strategy.id,
        universe=params.universe,
        basis=basis_of(parameters_of(params.strategy, Overrides())),
        first=None if sums.first_day is None else day_of(sums.first_day),
        last=None if last is None else day_of(last),
        tickers=sums.counted,
        too_short=sums.too_short,
        ended=ended,
        warmup=WARMUP,
        cost_bp=params.cost_bp,
        horizons=tables_of(sums, params.horizons, seed),
        beat=_beat(params, sums),
        survivorship=_survivorship(sums.counted, ended),
        interval=interval_of(seed),
        definitions=DEFINITIONS,
        engine_version=ENGINE_VERSION,
        created_at=calibration.created_at,
        finished_at=finished_at,
        strategy_version=params.strategy.version,
    )


def _beat(params: CalibrationParams, sums: Sums) -> BeatHold:
    if not sums.counted:
        return BeatHold(0, 0, "No ticker has a history that is long enough.")
    tickers = "1 ticker" if sums.counted == 1 else f"{sums.counted:,} tickers"
    sentence = (
        f"Bought and sold by the verdicts of {params.strategy.name}, long only and without stops, {sums.beat:,} of {tickers} "
        f"({percent(sums.beat / sums.counted)}) ended above buying and holding, at {params.cost_bp:g} basis points a round trip."
    )
    return BeatHold(sums.counted, sums.beat, sentence)


def _survivorship(tickers: int, ended: int) -> str:
    told = f"{ended:,} of {tickers:,} tickers ended more than {ENDED_AFTER.days} days before the newest; they count with what they have. "
    return told + "Companies that vanished and whose prices are not stored are missing, which makes the past look better than it was."
