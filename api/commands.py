"""What the commands of `flask` share: the application's database, opened in one way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

import db_migrations
from api.services import services
from database import Database
from infrastructure.entrance import NOT_STARTED
from utils.start_errors import explain


@contextmanager
def open_database(after_failure: str = "") -> Iterator[Database]:
    """The application's database, connected and with its schema up to date; closed at the end.

    What keeps the command from running ends it with exit code 1 and the reason; `after_failure` says what stands of the work begun.
    """
    settings, database = services().settings, services().database
    prefix = "Not started"
    try:
        database.connect()
        db_migrations.ensure_schema(settings.auto_migrate, database)
        prefix = f"Stopped; {after_failure}" if after_failure else "Stopped"
        yield database
    except NOT_STARTED as error:
        raise click.ClickException(f"{prefix}: {explain(error)}") from error
    except KeyboardInterrupt:
        raise click.ClickException(f"{prefix}.") from None
    finally:
        database.close()
