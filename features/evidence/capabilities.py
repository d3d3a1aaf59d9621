"""What evidence offers to schedules and pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from api.schemas import Ticker
from database import Database
from features.evidence.flags import EVIDENCE
from features.evidence.schemas.backtest import BacktestRequest, CompareRequest
from features.evidence.schemas.evidence import EvidenceQuery
from features.evidence.schemas.universe import UniverseEvidenceRequest
from features.evidence.universe_jobs import submit
from features.prices.service import absent_universe
from features.strategies.service import finder, finder_within
from infrastructure.cache import NoCache
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from infrastructure.foundation import Foundation
from jobs.outcome import ended
from models.errors import BellwetherError
from utils.json_text import parse_tolerant


class EvidenceInputs(EvidenceQuery):
    """The ticker whose record is asked for, and how it is counted."""

    ticker: Ticker


class OneTickerOnly(BellwetherError):
    """Name one ticker. Over many, run POST /backtests, which is a job."""


def evidence_capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    """The capabilities `evidence`, `evidence_universe`, `backtest` and `compare`."""

    def start(connection: Connection, call: Call, inputs: UniverseEvidenceRequest) -> Started:
        return Started(submit(connection, call.org_id, inputs.order(finder_within(connection, call.org_id)), foundation.universes).job.id)

    def absent(connection: Connection, org_id: int, inputs: UniverseEvidenceRequest) -> Iterator[tuple[str, str]]:
        return absent_universe(connection, org_id, inputs.universe, foundation.universes)

    return (
        Capability("evidence", "How often each verdict of a strategy was right on a ticker.", EvidenceInputs, Reads(_evidence), EVIDENCE),
        Capability(
            "evidence_universe", "Counts how often verdicts were right over many tickers, as a job.", UniverseEvidenceRequest,
            Starts(start, ended), EVIDENCE, absent,
        ),
        Capability("backtest", "What following a strategy on a ticker would have earned.", BacktestRequest, Reads(_backtest), EVIDENCE),
        Capability("compare", "Sets of parameters beside each other on a ticker.", CompareRequest, Reads(_compare), EVIDENCE),
    )  # fmt: skip


def _evidence(database: Database, call: Call, inputs: EvidenceInputs) -> Any:
    from features.evidence.service import answer, seek  # noqa: PLC0415 — it loads the engine

    sought = seek(database, call.org_id, inputs.order(inputs.ticker, finder(database, call.org_id)))
    return parse_tolerant(answer(database, sought, NoCache(database)).body)


def _backtest(database: Database, call: Call, inputs: BacktestRequest) -> Any:
    from features.evidence.backtests import run_sought, seek_backtest  # noqa: PLC0415 — as above

    if inputs.ticker is None:
        raise OneTickerOnly
    found = run_sought(database, seek_backtest(database, call.org_id, inputs.ticker, inputs.order(finder(database, call.org_id))))
    return {name: value for name, value in parse_tolerant(found.body).items() if name not in ("equity", "trades")}


def _compare(database: Database, call: Call, inputs: CompareRequest) -> Any:
    from features.evidence.comparing import compare  # noqa: PLC0415 — as above

    if inputs.ticker is None:
        raise OneTickerOnly
    return compare(database, call.org_id, inputs.ticker, inputs.orders(finder(database, call.org_id)))
