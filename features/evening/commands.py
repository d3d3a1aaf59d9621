"""`flask evening-run`: sets the evening run up in one go."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from api.commands import open_database
from api.services import services
from features.deliveries.channels import NewChannel, caller_of
from features.evening.service import EveningRun, refreshes, set_up
from features.schedules.service import Starter, author
from models.api_key import FIRST_ORG
from models.errors import BellwetherError
from models.message import ChannelType

BY = "the command line"
group = AppGroup("evening-run", help="Prices, analyses and one message with what changed, every trading day.")


@group.command("set-up")
@click.option("--name", default="Evening run", show_default=True, help="The name of the schedule; a second run needs another.")
@click.option("--universe", default="watchlist", show_default=True, help="What to follow.")
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    default=("balanced",),
    show_default=True,
    help="Once or several times.",
)
@click.option("--calendar", default="XNYS", show_default=True, help="The exchange after whose close it runs, by its code.")
@click.option("--after-close", default="00:30", show_default=True, help="How long after the close, as HH:MM.")
@click.option("--email", help="An address that is told.")
@click.option("--webhook", help="A URL that is told.")
@click.option("--ntfy", help="A topic of ntfy that is told, as a URL.")
@click.option("--channel", "channels", multiple=True, help="A channel that there is, by its name or id.")
@click.option("--time-zone", default="UTC", show_default=True, help="That of the reader, for times in messages.")
@click.option(
    "--refresh/--no-refresh", default=None, help="Whether to ask the providers of prices first; by default where one is configured."
)
def set_up_command(strategies: tuple[str, ...], channels: tuple[str, ...], time_zone: str, refresh: bool | None, **given: Any) -> None:
    """Make the schedule, and the channel that it tells."""
    new = [
        NewChannel(f"{given['name']}: {kind.value}", kind, given[kind.value], time_zone=time_zone)
        for kind in (ChannelType.EMAIL, ChannelType.WEBHOOK, ChannelType.NTFY)
        if given[kind.value]
    ]
    if len(new) > 1 or not (new or channels):
        raise click.UsageError("Say who is told: --email, --webhook or --ntfy, once, or --channel for one that there is.")
    foundation = services().foundation
    wanted = EveningRun(
        name=given["name"],
        universe=given["universe"],
        strategies=strategies,
        calendar=given["calendar"],
        after_close=given["after_close"],
        told=channels,
        channel=new[0] if new else None,
        refresh=refreshes(refresh, foundation.settings),
    )
    with open_database() as database, database.transaction() as connection:
        caller = caller_of(FIRST_ORG, BY, foundation.settings)
        starter = Starter(foundation, services().wakeup)
        try:
            made = set_up(connection, caller, wanted, starter, author(connection, None))
        except BellwetherError as error:
            raise click.ClickException(str(error)) from error
    told = ", ".join(channel.name for channel in made.channels)
    click.echo(f"{made.schedule.name} is set up: it runs next at {made.schedule.next_due_at:%Y-%m-%d %H:%M} UTC and tells {told}.")
    if not wanted.refresh:
        click.echo("It analyses the prices that are stored: without PRICE_PROVIDERS none are fetched.")
    if made.secret is not None:
        click.echo(f"The webhook's messages are signed with {made.secret}. It is shown once.")
