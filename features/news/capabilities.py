"""What news offers to schedules and pipelines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import Field

from api.schemas import Selection
from database import Database
from features.news import service
from features.prices import service as prices
from infrastructure.capability import Call, Capability, Reads
from infrastructure.foundation import Foundation
from models.news import NewsFilter, NewsItem
from utils.clock import iso, now

MOST_DAYS, MOST_ITEMS = 90, 200


class NewsInputs(Selection):
    """The news to read: of some tickers, of a universe, or all."""

    days: int = Field(7, ge=1, le=MOST_DAYS, description="How far back.")
    limit: int = Field(50, ge=1, le=MOST_ITEMS, description="The most items, the newest first.")


def news_capability(foundation: Foundation) -> Capability:
    """Reads stored news; asks no feed."""

    def answer(database: Database, call: Call, inputs: NewsInputs) -> dict[str, Any]:
        moment = now()
        since = moment - timedelta(days=inputs.days)
        with database.read() as connection:
            if inputs.tickers is None and inputs.universe is None:
                wanted = NewsFilter(since=since)
                items = service.list_news(connection, call.org_id, wanted, (None, inputs.limit), with_sentiment=False)
            else:
                tickers = inputs.named() or prices.resolve_universe(connection, call.org_id, inputs.universe or "", foundation.universes)
                items = service.news_of(connection, call.org_id, tickers, (since, moment), inputs.limit)
        return {"items": [_told(item) for item in items], "since": iso(since)}

    return Capability(
        "news", "News about tickers that feeds told, newest first, with the rule that found each ticker.", NewsInputs, Reads(answer)
    )


def _told(item: NewsItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "link": item.link,
        "source": item.source,
        "at": iso(item.listed_at),
        "tickers": [{"ticker": each.ticker, "rule": each.rule.value, "matched": each.matched} for each in item.tickers],
    }
