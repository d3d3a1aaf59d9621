"""What a portfolio holds, and what came of what it held."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response, wants_csv
from api.services import services
from features.portfolios import service
from features.portfolios.holdings_csv import holdings_csv, items_csv
from features.portfolios.routes.paged import paged
from features.portfolios.routes.portfolio import PORTFOLIOS
from features.portfolios.schemas.holding import (
    HoldingsAnswer,
    HoldingsQuery,
    IncomeAnswer,
    IncomeQuery,
    LotsPage,
    LotsQuery,
    RealisedPage,
    RealisedQuery,
    told,
)
from features.portfolios.schemas.portfolio import PortfolioPath
from models.books import Lot, Realised
from utils.api_utils import json_response, tagged

blueprint = api_blueprint("portfolio_holdings", PORTFOLIOS)
FILE = ("Content-Disposition",)
TAGGED = ("ETag", *FILE)


@blueprint.get(
    "/portfolios/<portfolio_id>/holdings", responses={200: HoldingsAnswer}, problems=("not_found",), sends=("ETag", "Content-Disposition")
)
def get_holdings(path: PortfolioPath, query: HoldingsQuery) -> Response:
    """What a portfolio holds on a day, what it is worth, and what the newest verdicts say of it.

    Beside each verdict stand its record and the distance to the stop and the target of its plan. Shares that have no price, or no rate,
    are listed as well, and say so. `If-None-Match` is honoured. With `Accept: text/csv` they are sent as a file.
    """
    with services().database.read() as connection:
        found = service.holdings(connection, _keeper(), path.ledger(org_id()), query.order())
    if wants_csv():
        return _file(holdings_csv(found.items), f"holdings-{found.as_of}.csv")
    return _varied(tagged(told(found)))


@blueprint.get("/portfolios/<portfolio_id>/lots", responses={200: LotsPage}, problems=("not_found",), sends=FILE)
def list_lots(path: PortfolioPath, query: LotsQuery) -> Response:
    """The open lots of a portfolio on a day: when they were acquired, and what they cost.

    With `Accept: text/csv` all are sent as a file.
    """
    with services().database.read() as connection:
        booked = _keeper().booked(connection, path.ledger(org_id()), query.as_of, query.ledger)
    found = service.open_lots(booked.books, query.ticker)
    if wants_csv():
        return _file(items_csv(Lot, found), "lots.csv")
    scope = ["lots", query.ticker, str(query.as_of)]
    return _varied(json_response(paged(found, booked.portfolio, query, scope)))


@blueprint.get(
    "/portfolios/<portfolio_id>/realised", responses={200: RealisedPage}, problems=("not_found",), sends=("Content-Disposition",)
)
def list_realised(path: PortfolioPath, query: RealisedQuery) -> Response:
    """The realised gains of a portfolio, newest first, and the sums of the period. A sale has a line for each lot.

    With `Accept: text/csv` all lines are sent as a file.
    """
    with services().database.read() as connection:
        booked = _keeper().booked(connection, path.ledger(org_id()), None, query.ledger)
    found, totals = service.realised_in(booked.books, query.period())
    if wants_csv():
        return _file(items_csv(Realised, found), "realised.csv")
    scope = ["realised", query.ticker, str(query.start), str(query.end)]
    return _varied(json_response({**paged(found, booked.portfolio, query, scope), "totals": told(totals)}))


@blueprint.get(
    "/portfolios/<portfolio_id>/income", responses={200: IncomeAnswer}, problems=("not_found",), sends=("ETag", "Content-Disposition")
)
def get_income(path: PortfolioPath, query: IncomeQuery) -> Response:
    """Dividends and interest of a portfolio by month, newest first, and by ticker.

    `If-None-Match` is honoured. With `Accept: text/csv` the months are sent as a file.
    """
    with services().database.read() as connection:
        booked = _keeper().booked(connection, path.ledger(org_id()), None, query.ledger)
    months, totals = service.income_in(booked.books, query.period())
    if wants_csv():
        return _file(items_csv(service.MonthlyIncome, months), "income.csv")
    return _varied(tagged({"items": told(months), "totals": told(totals), "version": booked.portfolio.version}))


def _keeper() -> service.BookKeeper:
    return services().foundation.part(service.BookKeeper.of)


def _file(lines: Iterable[bytes], name: str) -> Response:
    return _varied(csv_response(lines, name))


def _varied(response: Response) -> Response:
    response.vary.add("Accept")
    return response
