"""`flask import-legacy`: imports a database of the earlier tool."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from api.commands import open_database
from api.services import services
from features.legacy.service import ImportOrder, OrganizationNotFound, Target, UnreadableFile, import_file
from models.api_key import FIRST_ORG

AFTER_FAILURE = "tables that were summed up stay, and the same command continues from there"


class TimeZone(click.ParamType):  # type: ignore[type-arg]
    """A time zone by its name."""

    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        """The zone."""
        try:
            return value if isinstance(value, ZoneInfo) else ZoneInfo(str(value))
        except (ValueError, OSError, KeyError):
            self.fail(f"{str(value)[:40]!r} is no time zone, such as UTC or Asia/Kolkata.", param, ctx)


@click.command("import-legacy", help="Import FILE, the SQLite database of the earlier tool. What is there already stays as it is.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--organization",
    "org_id",
    type=click.IntRange(1, 2**63 - 1),
    default=FIRST_ORG,
    show_default=True,
    metavar="ID",
    help="Into which organization.",
)
@click.option(
    "--time-zone", "zone", type=TimeZone(), default="UTC", show_default=True, help="The zone of times that are written without one."
)
@click.option("--dry-run", is_flag=True, help="Do all of it but keep nothing.")
@click.option("--verbose", is_flag=True, help="Also list the rows that are taken whole or are there already.")
@with_appcontext
def import_legacy(file: Path, org_id: int, zone: ZoneInfo, dry_run: bool, verbose: bool) -> None:
    """Import a file and report on its rows."""
    with open_database(AFTER_FAILURE) as database:
        target = Target(org_id, zone, services().settings.jobs_kept_days)
        try:
            import_file(database, file, target, ImportOrder(click.echo, verbose, dry_run))
        except UnreadableFile as error:
            raise click.ClickException(f"{file}: {error}") from error
        except OrganizationNotFound as error:
            raise click.ClickException(f"There is no organization {org_id}. Nothing was imported.") from error
    if dry_run:
        click.echo("This was a dry run: nothing was stored.")
