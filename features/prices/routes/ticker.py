"""The tickers with stored prices, and what providers list where there are none."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.marks import operators
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.schemas import TickerPath
from api.services import services
from features.prices.flags import FETCHES
from features.prices.lookup import MOST_LISTINGS, listings_of
from features.prices.provider_order import providers_of, set_providers
from features.prices.routes.tags import PRICES
from features.prices.schemas.ticker import TickerPage, TickerProvidersAnswer, TickerProvidersRequest, TickersQuery
from features.prices.store import series as series_store
from features.prices.store import symbol as symbol_store
from features.prices.store.listing import list_heads
from infrastructure.exchanges import Expectations
from models.freshness import NO_PRICES
from models.price_series import SeriesHead
from models.symbol import NOTHING_KNOWN, Facts
from utils.api_utils import json_response
from utils.clock import now

blueprint = api_blueprint("ticker", PRICES)


@blueprint.get("/tickers", responses={200: TickerPage})
def list_tickers(query: TickersQuery) -> Response:
    """Find tickers by the start of the ticker or a part of the name.

    Where nothing that is stored fits, the list has what is known without prices: tickers of your universes, and with `ask` what the first
    provider of PRICE_PROVIDERS lists. Their `stored` is false.
    """
    scope = ["tickers", query.q]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = list_heads(connection, org_id(), query.q, after[0] if after else "", query.limit + 1)
        heads, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
        facts = symbol_store.find(connection, org_id(), [head.ticker for head in heads]) if heads else {}
    expectations = Expectations(now())
    items = [_item(head, facts.get(head.ticker, NOTHING_KNOWN), expectations) for head in heads]
    if not items and after is None and query.q.strip() and not query.stored:
        items = _known_elsewhere(query.q.strip(), query.limit, asks=query.ask and services().flags.is_enabled(FETCHES, org_id()))
    return json_response({"items": items, "next_cursor": next_cursor})


@blueprint.get("/tickers/<ticker>/providers", responses={200: TickerProvidersAnswer})
def get_ticker_providers(path: TickerPath) -> Response:
    """Which providers a ticker's prices are asked of, whether it has any or not."""
    with services().database.read() as connection:
        return json_response(providers_of(connection, path.ticker, services().settings.price_providers))


@blueprint.put(
    "/tickers/<ticker>/providers", responses={200: TickerProvidersAnswer}, problems=(*BODY_PROBLEMS, "forbidden", "feature_disabled")
)
@operators
def set_ticker_providers(path: TickerPath, body: TickerProvidersRequest) -> Response:
    """Have a ticker's prices asked of some providers only, in this order; with none, as PRICE_PROVIDERS says.

    Fetched prices are shared, so this needs the master key. Stored prices stay with their provider while it is named; otherwise the next
    refresh replaces their whole history by that of the first one named that has it.
    """
    require_flag(FETCHES)
    set_providers(services().database, path.ticker, body.providers)
    with services().database.read() as connection:
        return json_response(providers_of(connection, path.ticker, services().settings.price_providers))


def facts_of(facts: Facts) -> dict[str, object]:
    """What is known of a ticker, as answers name it."""
    return {"name": facts.name, "exchange": facts.exchange, "currency": facts.currency, "type": facts.kind, "sector": facts.sector}


def _item(head: SeriesHead, facts: Facts, expectations: Expectations) -> dict[str, object]:
    return {
        "ticker": head.ticker,
        **facts_of(facts),
        "name": head.name if head.name is not None else facts.name,
        "stored": True,
        "bars": head.bars,
        "first": head.first_day,
        "last": head.last_day,
        "provider": head.provider,
        "freshness": expectations.of(head.ticker, head.exchange).freshness_of(head.last_day),
    }


def _known_elsewhere(text: str, limit: int, *, asks: bool) -> list[dict[str, object]]:
    """What providers list for a text, and then tickers that are known without prices. No connection is held while a provider answers."""
    parts = services()
    listed = {listing.ticker: listing for listing in listings_of(parts.settings, parts.database, parts.cache, text)} if asks else {}
    with parts.database.read() as connection:
        known = symbol_store.search_without_prices(connection, org_id(), text, MOST_LISTINGS)
        tickers = list(dict.fromkeys([*listed, *known]))[:limit]
        heads = series_store.find_heads(connection, org_id(), tickers) if tickers else {}
        facts = symbol_store.find(connection, org_id(), tickers) if tickers else {}
    expectations = Expectations(now())
    items = []
    for ticker in tickers:
        ours = facts.get(ticker, NOTHING_KNOWN)
        if ticker in listed:
            one = listed[ticker]
            ours = ours.or_else(Facts(one.name, one.exchange, one.currency, one.kind, one.sector))
        if ticker in heads:
            items.append(_item(heads[ticker], ours, expectations))  # it is stored under another name than the provider's
        else:
            without = {"stored": False, "bars": 0, "first": None, "last": None, "provider": None, "freshness": NO_PRICES}
            items.append({"ticker": ticker, **facts_of(ours), **without})
    return items
