"""`flask api-key`: creates, lists and revokes API keys."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from api.commands import open_database
from features.accounts.api_keys import create_key, list_keys, revoke_key
from models.api_key import FIRST_ORG

group = AppGroup("api-key", help="Create, list and revoke API keys.")


@group.command("create")
@click.argument("name")
def create(name: str) -> None:
    """Create a key and print it once. NAME says what it is for."""
    with open_database() as database:
        stored, key = create_key(database, FIRST_ORG, name)
    click.echo(f"{key}\n\nThis is the key {stored.name!r}, id {stored.id}. It is shown once: only its digest is kept.")


@group.command("list")
def list_all() -> None:
    """List the keys, without the keys themselves."""
    with open_database() as database:
        keys = list_keys(database, FIRST_ORG)
    for key in keys:
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
        click.echo(f"{key.id}  {key.created_at:%Y-%m-%d}  {state:18}  {key.name}")
    click.echo(f"{len(keys)} keys, besides the master key.")


@group.command("revoke")
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke the key with this ID."""
    with open_database() as database:
        if not revoke_key(database, FIRST_ORG, key_id):
            raise click.ClickException("There is no active key with this id.")
    click.echo("revoked")
