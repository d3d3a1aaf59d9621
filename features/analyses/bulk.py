"""Submits bulk analyses as jobs: resolves their tickers, writes their parameters, and finds an active job that does the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from analysis.engine import parameters_of
from features.prices import service as prices
from infrastructure.feature import Universes
from jobs.service import Submission, enqueue
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, Overrides, Sizing
from models.bulk_analysis import BULK_ANALYSIS, BulkOrder, BulkParams
from models.errors import JobUnreadable
from models.indicator import INDICATORS, Category
from models.job import Lane, NewJob
from models.pinned_strategy import pinned, pinned_strategy
from models.universe import checked_universe
from utils.json_text import dump, parse_tolerant


def submit(connection: Connection, org_id: int, order: BulkOrder, universes: Universes) -> Submission:
    """Queue a bulk analysis within the caller's transaction, or return the active job that does the same.

    Two jobs do the same when organization, tickers, parameters and the newest day of prices agree. Raises UniverseNotFound, or
    NothingToAnalyse for an empty one.
    """
    tickers = order.tickers or prices.tickers_to_work_on(connection, org_id, order.params.universe or "", universes)
    params = write_params(order.params)
    dedupe_key = None if order.force else _dedupe_key(tickers, params, prices.newest_day(connection, org_id, tickers))
    lane = Lane.NETWORK if order.params.refresh else Lane.CPU  # where providers are waited for
    return enqueue(connection, org_id, NewJob(BULK_ANALYSIS, lane, params, tickers, dedupe_key))


def write_params(params: BulkParams) -> str:
    """The parameters as JSON, for the row of a job. The fields are those of the request."""
    overrides, sizing = params.overrides, params.sizing
    return dump(
        {
            "universe": params.universe,
            **pinned(params.strategy),
            "capital": sizing.capital,
            "risk_percent": sizing.risk_percent,
            "max_position_percent": sizing.max_position_percent,
            "reward_risk": overrides.reward_risk,
            "weights": overrides.weights,
            "indicators": overrides.indicators,
            "as_of": overrides.as_of,
            "refresh": params.refresh,
        }
    ).decode()


def read_params(text: str) -> BulkParams:
    """Parse the JSON of `write_params`. Raises JobUnreadable for parameters that this version does not know."""
    try:
        values: dict[str, Any] = parse_tolerant(text)
        overrides = Overrides(
            weights=values.get("weights"),
            reward_risk=values.get("reward_risk"),
            indicators=None if values.get("indicators") is None else tuple(values["indicators"]),
            as_of=None if values.get("as_of") is None else date.fromisoformat(values["as_of"]),
        )
        sizing = Sizing(
            values.get("capital", DEFAULT_CAPITAL), values.get("risk_percent", DEFAULT_RISK_PERCENT), values.get("max_position_percent")
        )
        universe = None if values.get("universe") is None else checked_universe(values["universe"])
        unknown = {*(overrides.indicators or ()), *(overrides.weights or {})} - {*INDICATORS, *Category}
        if unknown:
            raise JobUnreadable(f"there is no indicator {min(unknown)!r}")
        params = BulkParams(pinned_strategy(values), overrides, sizing, universe, values.get("refresh", False))
        parameters_of(params.strategy, overrides)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JobUnreadable(f"{type(error).__name__}: {error}") from error
    return params


def _dedupe_key(tickers: Sequence[str], params: str, newest_day: str | None) -> str:
    return hashlib.sha256(dump([sorted(tickers), params, newest_day])).hexdigest()
