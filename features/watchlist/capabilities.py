"""What watch lists offer to schedules and pipelines."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.schemas import Body
from database import Database
from features.watchlist import service
from infrastructure.capability import Call, Capability, Reads
from models.watchlist import DEFAULT_LIST, ListKey

MOST_ITEMS = 5_000


class WatchlistInputs(Body):
    """A watch list to read."""

    list: str = Field(DEFAULT_LIST, min_length=1, max_length=36, description="Its id; `default` is the default list.")


def watchlist_capability() -> Capability:
    """The capability `watchlist`."""
    return Capability("watchlist", "The tickers of a watch list with their notes.", WatchlistInputs, Reads(_read))


def _read(database: Database, call: Call, inputs: WatchlistInputs) -> dict[str, Any]:
    with database.read() as connection:
        items = service.list_items(connection, ListKey(call.org_id, inputs.list), "", MOST_ITEMS)
    told = [{"ticker": item.ticker, "name": item.name, "notes": item.notes} for item in items]
    return {"list": inputs.list, "items": told, "tickers": [item.ticker for item in items], "count": len(items)}
