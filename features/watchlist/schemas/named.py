"""Schemas of the watch lists themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from api.schemas import PLAIN_TEXT, Body, Page, Query, RootAnswer, Ticker
from features.watchlist.lists import ListChanges
from models.watchlist import Watchlist

ListName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PLAIN_TEXT)]


class WatchlistPath(BaseModel):
    """The id of a watch list in a path."""

    list_id: str = Field(description="The `id` of a watch list; `default` is that of the default one.")


class WatchlistItemPath(WatchlistPath):
    """A ticker of a watch list in a path."""

    ticker: Ticker = Field(description="The ticker, in capitals or not.")


class WatchlistsQuery(Query):
    """What is asked of each list."""

    ticker: Ticker | None = Field(None, description="Each list says in `has_ticker` whether this ticker is on it.")


class NewWatchlistRequest(Body):
    """A watch list to make."""

    name: ListName = Field(description="Unique within the organization, in capitals or not.")


class NamedListChangeRequest(Body):
    """Changes of a watch list; what is left out stays."""

    name: ListName | None = Field(None, description="Unique within the organization, in capitals or not.")
    after: str | None = Field(None, description="Move the list behind the one with this `id`; `default` moves it to the first place.")

    def changes(self) -> ListChanges:
        """The request as changes for the service."""
        return ListChanges(self.name, self.after)


class WatchlistAnswer(RootAnswer[Watchlist]):
    """A watch list."""


class WatchlistsPage(Page):
    """All watch lists, the default one first; `next_cursor` is always null."""

    items: list[Watchlist]
