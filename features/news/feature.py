"""The news feature: feeds, and what they tell about tickers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from features.news.flags import NEWS
from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask
from models.news import FEEDS

if TYPE_CHECKING:
    from flask import Blueprint
    from sqlalchemy import Connection

    from database import AnyReader
    from features.news.kinds import FeedReading
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from models.integration import Integration

LOOKED_SECONDS = 30.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.news.routes import feed, news

    return feed.blueprint, news.blueprint


def _kinds(foundation: Foundation) -> tuple[FeedReading, ...]:
    from features.news.kinds import FeedReading

    return (FeedReading(foundation.settings),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.news.upkeep import prune_news, queue_due

    database, settings = foundation.database, foundation.settings
    interval = timedelta(minutes=settings.feed_minutes)
    return (
        MaintenanceTask("queue_due_feeds", LOOKED_SECONDS, lambda: queue_due(database, foundation.flags, interval)),
        MaintenanceTask("prune_news", HOURLY, lambda: prune_news(database, settings.news_kept_days)),
    )


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.news.capabilities import news_capability

    return (news_capability(foundation),)


def _integrations(_: Foundation, reader: AnyReader, org_id: int) -> list[Integration]:
    from features.news.integrations import feed_integrations

    return feed_integrations(reader, org_id)


def _stop(connection: Connection, org_id: int) -> None:
    from features.news.store import feed as feed_store

    feed_store.stop_all(connection, org_id)


BELONGINGS = (
    Belonging("news_tickers", ("item_id", "ticker")),
    Belonging("news_items", hidden=("guid_digest", "content_digest")),
    Belonging("feeds", hidden=("etag", "last_modified")),
)

FEATURE = Feature(
    "news",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(FEEDS,),
    flags=(NEWS,),
    maintenance=_maintenance,
    capabilities=_capabilities,
    integrations=_integrations,
    stopping=_stop,
    belongings=BELONGINGS,
)
