"""Opens the application's database for `flask` commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

import db_migrations
from api.services import services
from database import Database
from infrastructure.audit import Trail, follow
from infrastructure.entrance import NOT_STARTED
from models.api_key import FIRST_ORG
from models.audit import Actor, ActorKind
from utils.start_errors import explain


@contextmanager
def open_database(after_failure: str = "", as_it_is: bool = False) -> Iterator[Database]:
    """The application's database, connected and with its schema up to date; closed at the end.

    A failure ends the command with exit code 1 and its reason. `after_failure` describes the state that interrupted work is left in. With
    `as_it_is`, for commands that add nothing, the database is neither created nor migrated: one that lacks a migration is refused.
    """
    settings, database = services().settings, services().database
    stopped = ""
    try:
        if as_it_is:
            database.expect_file()
        database.connect()
        db_migrations.ensure_schema(settings.auto_migrate and not as_it_is, database)
        stopped = f"Stopped; {after_failure}" if after_failure else "Stopped"
        follow(Trail(_name_of_command(), Actor(ActorKind.COMMAND, org_id=FIRST_ORG)))
        yield database
    except NOT_STARTED as error:
        raise click.ClickException(f"{stopped}: {explain(error)}" if stopped else explain(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException(f"{stopped or 'Stopped before anything was done'}.") from None
    finally:
        follow(None)
        database.close()


def _name_of_command() -> str:
    """The command as it is typed behind `flask`."""
    context: click.Context | None = click.get_current_context()
    names: list[str] = []
    while context is not None and context.parent is not None:
        names.insert(0, context.info_name or "")
        context = context.parent
    return " ".join(names)
