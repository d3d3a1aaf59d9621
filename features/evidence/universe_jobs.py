"""Submits the evidence of universes as jobs, and reads their parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from analysis.engine import ENGINE_VERSION
from features.evidence.store import calibration as calibration_store
from features.evidence.store.calibration import NewCalibration
from features.prices import service as prices
from infrastructure.feature import Universes
from jobs.service import Submission, enqueue
from models.errors import JobUnreadable
from models.evidence import EVIDENCE, LONGEST_HORIZON, UniverseOrder
from models.job import Lane, NewJob
from models.pinned_strategy import pinned, pinned_strategy
from models.strategy import Strategy
from models.universe import checked_universe
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant


@dataclass(frozen=True)
class CalibrationParams:
    """What a job counts, and the calibration that it counts for."""

    calibration_id: str
    strategy: Strategy
    universe: str | None
    horizons: tuple[int, ...]
    cost_bp: float


def submit(connection: Connection, org_id: int, order: UniverseOrder, universes: Universes) -> Submission:
    """Queue a calibration within the caller's transaction, or return the active job that does the same.

    Two do the same when organization, tickers, what was asked, the engine and the newest day of prices agree. Raises UniverseNotFound, or
    NothingToAnalyse for an empty one.
    """
    tickers = order.tickers or prices.tickers_to_work_on(connection, org_id, order.universe or "", universes)
    asked = {"universe": order.universe, **pinned(order.strategy), "horizons": order.horizons, "cost_bp": order.cost_bp}
    dedupe_key = None if order.force else _dedupe_key(tickers, asked, prices.newest_day(connection, org_id, tickers))
    calibration_id = new_id()
    params = dump({"evidence_id": calibration_id, **asked}).decode()
    submission = enqueue(connection, org_id, NewJob(EVIDENCE, Lane.CPU, params, tickers, dedupe_key))
    if submission.is_new:
        job = submission.job
        new = NewCalibration(calibration_id, job.id, order.strategy.key, order.universe, params, job.created_at)
        calibration_store.insert(connection, org_id, new)
    return submission


def read_params(text: str) -> CalibrationParams:
    """Parse the JSON of a job. Raises JobUnreadable for parameters that this version does not know."""
    try:
        values: dict[str, Any] = parse_tolerant(text)
        universe = None if values["universe"] is None else checked_universe(values["universe"])
        horizons = tuple(map(int, values["horizons"]))
        if not horizons or list(horizons) != sorted(set(horizons)) or not 1 <= horizons[0] <= horizons[-1] <= LONGEST_HORIZON:
            raise JobUnreadable(f"the horizons are {horizons!r}")
        return CalibrationParams(values["evidence_id"], pinned_strategy(values), universe, horizons, float(values["cost_bp"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JobUnreadable(f"{type(error).__name__}: {error}") from error


def _dedupe_key(tickers: Sequence[str], asked: dict[str, Any], newest_day: str | None) -> str:
    return hashlib.sha256(dump([EVIDENCE, sorted(tickers), asked, ENGINE_VERSION, newest_day])).hexdigest()
