"""What tells changed verdicts offers to pipelines: `changes` finds them, `tell_changes` sends them in one message, once."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import PLAIN_TEXT, PLAIN_TEXT_WITH_LINES, Body, Selection
from database import Database
from features.deliveries.changes import MOST_CHANGES, ToldChanges, Wanted, changes_since, tell_changes
from features.deliveries.schemas.channel import ChannelKeys
from features.deliveries.service import resolve_channels
from features.prices import service as prices
from features.strategies.schemas import StrategyId
from infrastructure.capability import Call, Capability, Reads, Writes
from infrastructure.foundation import Foundation

MOST_STRATEGIES = 20  # of one answer
Cursor = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN_TEXT)]
_CURSOR = "The name under which is remembered how far is told; each has its own."


class ChangesInputs(Selection):
    """The changed verdicts to find: of some tickers, of a universe, or of all."""

    strategies: Annotated[list[StrategyId], Field(min_length=1, max_length=MOST_STRATEGIES)] | None = Field(
        None, description="Only changes by these; by default by any."
    )
    cursor: Cursor = Field("changes", description=_CURSOR)


class TellChangesInputs(Body):
    """The changes to tell, as `changes` answered them."""

    channels: ChannelKeys = Field(description="Ids or names of channels.")
    items: Annotated[list[dict[str, Any]], Field(max_length=MOST_CHANGES)] = Field(description="`items` of `changes`.")
    count: int = Field(ge=0, description="`count` of `changes`.")
    position: int = Field(ge=0, description="`position` of `changes`: up to there is told.")
    cursor: Cursor = Field("changes", description=_CURSOR)
    title: Annotated[str, Field(max_length=200, pattern=PLAIN_TEXT)] | None = Field(None, description="In place of one that counts them.")
    intro: Annotated[str, Field(max_length=2_000, pattern=PLAIN_TEXT_WITH_LINES)] | None = Field(None, description="Told before them.")


def change_capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    """The capabilities `changes` and `tell_changes`."""

    def find(database: Database, call: Call, inputs: ChangesInputs) -> dict[str, Any]:
        with database.read() as connection:
            tickers = inputs.tickers
            if inputs.universe is not None:
                tickers = list(prices.resolve_universe(connection, call.org_id, inputs.universe, foundation.universes))
            strategies = None if inputs.strategies is None else frozenset(inputs.strategies)
            wanted = Wanted(strategies, None if tickers is None else frozenset(tickers))
            return changes_since(connection, call.org_id, inputs.cursor, wanted)

    return (
        Capability("changes", "The verdicts that changed since they were told last.", ChangesInputs, Reads(find)),
        Capability(
            "tell_changes", "Sends changed verdicts in one message, and remembers that they are told.", TellChangesInputs, Writes(_tell)
        ),
    )


def _tell(connection: Connection, call: Call, inputs: TellChangesInputs) -> dict[str, Any]:
    channels = resolve_channels(connection, call.org_id, inputs.channels)
    told = ToldChanges(inputs.cursor, inputs.position, inputs.items, inputs.count, inputs.title, inputs.intro)
    return {"deliveries": tell_changes(connection, call.org_id, channels, told), "told": len(inputs.items)}
