"""What feeds told."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.paging import page, read_cursor
from api.services import services
from features.news import service
from features.news.routes.feed import NEWS
from features.news.schemas import NewsPage, NewsQuery
from utils.api_utils import tagged

blueprint = api_blueprint("news", NEWS)


@blueprint.get("/news", responses={200: NewsPage}, problems=("not_found",), sends=("ETag",))
def list_news(query: NewsQuery) -> Response:
    """News, newest first, each with the tickers that it is about and the rule that found them. `If-None-Match` is honoured.

    `sentiment` counts the words of a declared list in the title, and names them; it is null unless the setting NEWS_SENTIMENT is on.
    """
    wanted = query.wanted()
    scope = ["news", wanted.ticker, wanted.feed_id, None if wanted.since is None else wanted.since.isoformat()]
    after = read_cursor(query.cursor, scope)
    with_sentiment = services().settings.news_sentiment
    with services().database.read() as connection:
        rows = service.list_news(connection, org_id(), wanted, (after, query.limit + 1), with_sentiment=with_sentiment)
    items, next_cursor = page(rows, query.limit, scope, service.place)
    return tagged({"items": items, "next_cursor": next_cursor})
