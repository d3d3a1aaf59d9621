"""What a portfolio holds, and what came of what it held."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.services import services
from features.portfolios import service
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
from utils.api_utils import json_response, tagged

blueprint = api_blueprint("portfolio_holdings", PORTFOLIOS)


@blueprint.get("/portfolios/<portfolio_id>/holdings", responses={200: HoldingsAnswer}, problems=("not_found",), sends=("ETag",))
def get_holdings(path: PortfolioPath, query: HoldingsQuery) -> Response:
    """What a portfolio holds on a day, what it is worth, and what the newest verdicts say of it.

    Beside each verdict stand its record and the distance to the stop and the target of its plan. Shares that have no price, or no rate,
    are listed as well, and say so. `If-None-Match` is honoured.
    """
    with services().database.read() as connection:
        found = service.holdings(connection, org_id(), path.portfolio_id, query.order())
    return tagged(told(found))


@blueprint.get("/portfolios/<portfolio_id>/lots", responses={200: LotsPage}, problems=("not_found",))
def list_lots(path: PortfolioPath, query: LotsQuery) -> Response:
    """The open lots of a portfolio on a day: when they were acquired, and what they cost."""
    with services().database.read() as connection:
        portfolio, books = service.books_of(connection, org_id(), path.portfolio_id, query.as_of, query.ledger)
    scope = ["lots", query.ticker, str(query.as_of)]
    return json_response(paged(service.open_lots(books, query.ticker), portfolio, query, scope))


@blueprint.get("/portfolios/<portfolio_id>/realised", responses={200: RealisedPage}, problems=("not_found",))
def list_realised(path: PortfolioPath, query: RealisedQuery) -> Response:
    """The realised gains of a portfolio, newest first, and the sums of the period. A sale has a line for each lot."""
    with services().database.read() as connection:
        portfolio, books = service.books_of(connection, org_id(), path.portfolio_id, None, query.ledger)
    found, totals = service.realised_in(books, query.period())
    scope = ["realised", query.ticker, str(query.start), str(query.end)]
    return json_response({**paged(found, portfolio, query, scope), "totals": told(totals)})


@blueprint.get("/portfolios/<portfolio_id>/income", responses={200: IncomeAnswer}, problems=("not_found",), sends=("ETag",))
def get_income(path: PortfolioPath, query: IncomeQuery) -> Response:
    """Dividends and interest of a portfolio by month, newest first, and by ticker. `If-None-Match` is honoured."""
    with services().database.read() as connection:
        portfolio, books = service.books_of(connection, org_id(), path.portfolio_id, None, query.ledger)
    months, totals = service.income_in(books, query.period())
    return tagged({"items": told(months), "totals": told(totals), "version": portfolio.version})
