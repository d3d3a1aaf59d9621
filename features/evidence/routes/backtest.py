"""Backtests: run one, many as a job, or several sets of parameters beside each other; read what is stored."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response, wants_csv
from api.flags import require_flag
from api.heavy import hold_slot
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget, count_also
from api.schemas import SubmitHeaders
from api.services import services
from features.evidence.backtest_csv import trades_csv
from features.evidence.backtest_jobs import submit
from features.evidence.backtests import BacktestAnswer as FoundBacktest
from features.evidence.backtests import find_backtest, run_sought, seek_backtest
from features.evidence.comparing import compare
from features.evidence.flags import EVIDENCE as FLAG
from features.evidence.routes.tags import BACKTESTS
from features.evidence.schemas.backtest import (
    BacktestAnswer,
    BacktestJobAnswer,
    BacktestOrJobAnswer,
    BacktestPage,
    BacktestPath,
    BacktestRequest,
    BacktestsQuery,
    CompareJobsAnswer,
    CompareRequest,
    ComparisonOrJobsAnswer,
)
from features.evidence.store import backtest as backtest_store
from features.strategies.service import finder
from jobs.flags import BULK_JOBS
from jobs.submission import submit_job, submit_jobs
from models.access import Scope
from models.backtest import BacktestSummary
from utils.api_utils import json_response, tagged
from utils.json_text import parse_tolerant

blueprint = api_blueprint("backtest", BACKTESTS)


@blueprint.post(
    "/backtests",
    responses={200: BacktestOrJobAnswer, 202: BacktestJobAnswer},
    problems=(
        *BODY_PROBLEMS,
        *("ticker_not_found", "universe_not_found", "conflict"),
        *("insufficient_history", "price_quality", "idempotency_mismatch", "organization_limit", "feature_disabled"),
    ),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.ANALYSE)
@budget(Budget.ANALYSES)
def run_backtest(header: SubmitHeaders, body: BacktestRequest) -> Response:
    """What following a strategy's verdicts would have earned: on one ticker at once, on many by a job.

    A repeated backtest of the same prices is found again, and is no new trial. An active job that does the same is returned, unless `force`
    is set.
    """
    require_flag(FLAG)
    own = services()
    find = finder(own.database, org_id())
    if body.ticker is None:
        require_flag(BULK_JOBS)
        count_also(Budget.BULK)
        asked = body.bulk(find)
        return submit_job(header.idempotency_key, lambda connection: submit(connection, org_id(), asked, own.universes))
    sought = seek_backtest(own.database, org_id(), body.ticker, body.order(find))
    if sought.stored is None:
        hold_slot()
    found = run_sought(own.database, sought)
    return json_response(found.body, headers={"Location": f"/api/v1/backtests/{found.id}"})


@blueprint.get("/backtests", responses={200: BacktestPage}, sends=("ETag",))
def list_backtests(query: BacktestsQuery) -> Response:
    """Stored backtests, newest first. `If-None-Match` is honoured."""
    scope = ["backtests", query.ticker]
    position = read_cursor(query.cursor, scope)
    with services().database.reader() as connection:
        before = None if position is None else str(position[0])
        rows = backtest_store.list_backtests(connection, org_id(), query.ticker, query.limit + 1, before)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    return tagged({"items": [_item(summary) for summary in items], "next_cursor": next_cursor})


@blueprint.get(
    "/backtests/<backtest_id>",
    responses={200: BacktestAnswer},
    problems=("not_found", "conflict"),
    sends=("ETag", "Content-Disposition"),
)
def get_backtest(path: BacktestPath) -> Response:
    """One backtest, with the trials of now. `If-None-Match` is honoured. With `Accept: text/csv` its trades are sent as a file."""
    found = find_backtest(services().database, org_id(), path.backtest_id)
    response = _trades_file(found) if wants_csv() else tagged(found.body, found.etag)
    response.vary.add("Accept")
    return response


@blueprint.post(
    "/backtests/compare",
    responses={200: ComparisonOrJobsAnswer, 202: CompareJobsAnswer},
    problems=(
        *BODY_PROBLEMS,
        *("ticker_not_found", "universe_not_found", "conflict"),
        *("insufficient_history", "price_quality", "idempotency_mismatch", "organization_limit", "feature_disabled"),
    ),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.READ)
@budget(Budget.ANALYSES)
def compare_backtests(header: SubmitHeaders, body: CompareRequest) -> Response:
    """Several sets of parameters on one ticker, beside each other and beside buy-and-hold. `luck` says whether luck explains the best.

    Each set is a trial: it makes the deflated Sharpe ratio of every backtest of the ticker stricter. On many tickers each set is a job of
    backtests; its summary counts the tickers on which it ended ahead of buy-and-hold. 200 where no job is new.
    """
    require_flag(FLAG)
    own, organization = services(), org_id()
    find = finder(own.database, organization)
    if body.ticker is not None:
        hold_slot()
        return json_response(compare(own.database, organization, body.ticker, body.orders(find)))
    require_flag(BULK_JOBS)
    count_also(Budget.BULK)
    asked = body.bulk(find)
    return submit_jobs(header.idempotency_key, lambda connection: [submit(connection, organization, one, own.universes) for one in asked])


def _item(summary: BacktestSummary) -> dict[str, object]:
    fields = asdict(summary)
    return {**fields.pop("figures"), **fields}


def _trades_file(found: FoundBacktest) -> Response:
    backtest = parse_tolerant(found.body)
    response = csv_response(trades_csv(backtest), f"backtest-{backtest['ticker']}-{backtest['strategy']}.csv")
    return tagged(response, f"{found.etag}-csv")
