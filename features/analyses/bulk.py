"""Analysing many tickers: read together, analysed one by one; storing them is for whoever asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

import structlog

import database
from analysis.engine import parameters_of
from features.analyses import store as result_store
from features.analyses.service import AnalysisPlan, make_result
from features.prices import store as price_store
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, Overrides, Sizing
from models.errors import BellwetherError, JobUnreadable, TickerNotFound
from models.indicator import INDICATORS, Category
from models.job import Analysed, BulkParams, Fault, Outcome, Universe
from models.price_series import PackedBars, SeriesHead
from models.strategy import STRATEGIES
from utils.clock import now
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)

LOADED_AT_ONCE = 32  # series; the driver holds each three times while they are read
ANALYSIS_FAILED = Fault("internal_error", "The analysis failed unexpectedly; the log has the reason. The others are not affected.")


def write_params(params: BulkParams) -> str:
    """Parameters as a job keeps them: JSON, in the words of the request."""
    overrides, sizing = params.overrides, params.sizing
    return dump(
        {
            "universe": params.universe,
            "strategy": params.strategy,
            "capital": sizing.capital,
            "risk_percent": sizing.risk_percent,
            "max_position_percent": sizing.max_position_percent,
            "reward_risk": overrides.reward_risk,
            "weights": overrides.weights,
            "indicators": overrides.indicators,
            "as_of": overrides.as_of,
        }
    ).decode()


def read_params(text: str) -> BulkParams:
    """What `write_params` wrote. Raises JobUnreadable for what this version cannot make sense of."""
    try:
        given: dict[str, Any] = parse_tolerant(text)
        if given["strategy"] not in STRATEGIES:
            raise JobUnreadable(f"there is no strategy {given['strategy']!r}")
        overrides = Overrides(
            weights=given.get("weights"),
            reward_risk=given.get("reward_risk"),
            indicators=None if given.get("indicators") is None else tuple(given["indicators"]),
            as_of=None if given.get("as_of") is None else date.fromisoformat(given["as_of"]),
        )
        sizing = Sizing(
            given.get("capital", DEFAULT_CAPITAL), given.get("risk_percent", DEFAULT_RISK_PERCENT), given.get("max_position_percent")
        )
        universe = None if given.get("universe") is None else Universe(given["universe"])
        unknown = {*(overrides.indicators or ()), *(overrides.weights or {})} - {*INDICATORS, *Category}
        if unknown:
            raise JobUnreadable(f"there is no indicator {min(unknown)!r}")
        params = BulkParams(given["strategy"], overrides, sizing, universe)
        parameters_of(STRATEGIES[params.strategy], overrides)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JobUnreadable(f"{type(error).__name__}: {error}") from error
    return params


def analyse_many(org_id: int, params: BulkParams, tickers: Collection[str]) -> Iterator[tuple[str, Outcome]]:
    """The outcome of each ticker, in an order of its own: first what takes no engine, then one by one.

    Stops between tickers when nobody asks for more. What is wrong with a ticker is its outcome; only the database's errors are raised.
    """
    plan, read_at = AnalysisPlan(params.strategy, params.overrides), now()
    with database.read() as connection:
        heads = price_store.find_heads(connection, org_id, tickers)
        known = {ticker: plan.known_fingerprint(head) for ticker, head in heads.items()}
        stored = result_store.find_fingerprints(connection, org_id, [key for key in known.values() if key is not None])
    wanted = [ticker for ticker in heads if known[ticker] not in stored]
    for ticker in tickers:
        key = known.get(ticker)
        if ticker not in heads:
            yield ticker, _fault_of(TickerNotFound(ticker))
        elif key is not None and key in stored:
            yield ticker, Analysed(key, None, plan.keeps_latest and not stored[key], read_at)
    for start in range(0, len(wanted), LOADED_AT_ONCE):
        together, read_at = wanted[start : start + LOADED_AT_ONCE], now()
        with database.reader() as reader:
            series = price_store.load_many(reader, org_id, together)
        for ticker in together:
            yield ticker, _analyse_one(ticker, series.pop(ticker, None), plan, read_at)


def _analyse_one(ticker: str, loaded: tuple[SeriesHead, PackedBars] | None, plan: AnalysisPlan, read_at: datetime) -> Outcome:
    if loaded is None:
        return _fault_of(TickerNotFound(ticker))
    try:
        work = plan.work_on(*loaded, read_at)
        return Analysed(work.fingerprint, make_result(work, plan), plan.keeps_latest, read_at)
    except BellwetherError as error:
        return _fault_of(error)
    except Exception:
        # One ticker's trouble, whatever it is, must not become the job's.
        log.exception("analysis failed", ticker=ticker)
        return ANALYSIS_FAILED


def _fault_of(error: BellwetherError) -> Fault:
    return Fault(error.code, str(error))
