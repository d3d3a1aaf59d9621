"""The feeds of an organization as an integration."""

from __future__ import annotations

from database import AnyReader
from features.news import service
from models.integration import Integration, IntegrationKind, IntegrationState, Reach

PAGE = "/news"


def feed_integrations(connection: AnyReader, org_id: int) -> list[Integration]:
    """The feeds, counted; the page News reads one at once."""
    feeds = service.list_feeds(connection, org_id)
    failing = [each for each in feeds if each.failures or each.error]
    state, told = IntegrationState.OK, "1 feed is read." if len(feeds) == 1 else f"{len(feeds):,} feeds are read."
    if failing:
        count = "1 of them fails" if len(failing) == 1 else f"{len(failing):,} of them fail"
        state, told = IntegrationState.WARNING, f"{told} {count}; the page News says why."
    if not feeds:
        state, told = IntegrationState.OFF, "No feed is read. Add one on the page News."
    read = [each.fetched_at for each in feeds if each.fetched_at is not None]
    return [
        Integration(
            "feeds",
            IntegrationKind.FEED,
            "Feeds of news",
            state,
            told,
            page=PAGE,
            last_at=max(read, default=None),
            scope=Reach.ORGANIZATION,
        )
    ]
