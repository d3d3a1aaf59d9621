"""Sets the evening run up: a schedule of the pipeline `evening_digest` after the close of an exchange, and the channel that it tells.

What is made is nothing of its own: the schedule and the channel can be looked at, changed, paused and deleted as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from config import Settings
from features.deliveries import channels
from features.deliveries import service as deliveries
from features.deliveries.channels import Caller, NewChannel
from features.prices import service as prices
from features.schedules import service as schedules
from features.schedules.service import Author, Starter
from features.strategies import service as strategies
from models.message import Channel
from models.schedule import Action, NewSchedule, Overlap, Schedule, When

PIPELINE = "evening_digest"
CATCH_UP = 12 * 3_600  # seconds: a run that the night brings late is still of its evening


@dataclass(frozen=True)
class EveningRun:
    """What is wanted: what to follow, by which strategies, how long after whose close, and who is told.

    `channel` is one to make, or None where `told` names those that there are. `refresh` asks the providers of prices first.
    """

    name: str
    universe: str
    strategies: tuple[str, ...]
    calendar: str
    after_close: str
    told: Sequence[str] = ()
    channel: NewChannel | None = None
    refresh: bool = True


@dataclass(frozen=True)
class SetUp:
    """What was made: the schedule, the channels that it tells, and the secret of a new webhook, which is not told again."""

    schedule: Schedule
    channels: tuple[Channel, ...]
    secret: str | None


def refreshes(wanted: bool | None, settings: Settings) -> bool:
    """Whether providers are asked for prices first: as wanted, and by default where one is configured."""
    return bool(settings.price_providers) if wanted is None else wanted


def set_up(connection: Connection, caller: Caller, wanted: EveningRun, starter: Starter, by: Author) -> SetUp:
    """Make the channel and the schedule within the caller's transaction: both or neither.

    Raises FeatureDisabled, UniverseNotFound, ChannelExists, ChannelNotFound, ChannelAddressRefused, ScheduleExists, InvalidSchedule or
    ActionNotOffered, StrategyUnknown or StrategyArchived.
    """
    starter.require_on(caller.org_id)
    prices.require_universe(connection, caller.org_id, wanted.universe, starter.universes)
    strategies.find_each(connection, caller.org_id, wanted.strategies)
    told, secret = list(deliveries.resolve_channels(connection, caller.org_id, list(wanted.told))), None
    if wanted.channel is not None:
        made, secret = channels.create(connection, caller, wanted.channel)
        told.append(made)
    inputs = {
        "universe": wanted.universe,
        "strategies": list(wanted.strategies),
        "channels": [channel.id for channel in told],
        "refresh": wanted.refresh,
        "cursor": wanted.name,
    }
    new = NewSchedule(
        name=wanted.name,
        when=When(calendar=wanted.calendar, after_close=wanted.after_close),
        action=Action.PIPELINE,
        params={"pipeline": PIPELINE, "inputs": inputs},
        catch_up=CATCH_UP,
        overlap=Overlap.SKIP,
        enabled=True,
    )
    return SetUp(schedules.create(connection, caller.org_id, new, starter, by), tuple(told), secret)
