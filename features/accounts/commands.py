"""`flask api-key`: creates, lists and revokes API keys."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from api.commands import open_database
from features.accounts.api_keys import create_key, list_keys, revoke_key
from infrastructure.cache import NoCache
from models.api_key import FIRST_ORG, ApiKey, normalize_key_name
from models.errors import ApiKeyNotFound

PAGE = 500
group = AppGroup("api-key", help="Create, list and revoke API keys.")


@group.command("create")
@click.argument("name")
def create(name: str) -> None:
    """Create a key and print it once. NAME says what it is for."""
    try:
        name = normalize_key_name(name)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="NAME") from error
    with open_database() as database:
        stored, key = create_key(database, FIRST_ORG, name)
    click.echo(f"{key}\n\nThis is the key {stored.name!r}, id {stored.id}. It is shown once: only its digest is kept.")


@group.command("list")
def list_all() -> None:
    """List the keys, without the keys themselves."""
    count, before = 0, None
    with open_database(as_it_is=True) as database:
        while keys := list_keys(database, FIRST_ORG, before, PAGE):
            for key in keys:
                click.echo(_line(key))
            count, before = count + len(keys), keys[-1].id
    click.echo(f"{count} {'key' if count == 1 else 'keys'}, besides the master key.")


@group.command("revoke")
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke the key with this ID."""
    with open_database(as_it_is=True) as database:
        try:
            revoked = revoke_key(database, NoCache(database), FIRST_ORG, key_id, revoked_by="the command line")
        except ApiKeyNotFound as error:
            raise click.ClickException("There is no API key with this id. `flask api-key list` lists them.") from error
    click.echo("The key is revoked: it is refused within two seconds." if revoked else "The key had been revoked before.")


def _line(key: ApiKey) -> str:
    state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
    used = f"last used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
    return f"{key.id}  {key.created_at:%Y-%m-%d}  {state:18}  {used:26}  {key.name}"
