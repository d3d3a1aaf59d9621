"""`flask api-key`, `flask user` and `flask create-admin`: keys and people, from the terminal."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from api.commands import open_database
from features.accounts.api_keys import Revocation, create_key, list_keys, revoke_key
from features.accounts.routes.common import accounts
from features.accounts.second_factor import take_away_of_email
from features.accounts.store.api_key import KeyPage
from features.accounts.users import NewUser, link_for_email, list_users
from features.accounts.users import create_admin as make_admin
from infrastructure.cache import NoCache
from models.account_errors import NoSecondFactor, UserNotFound
from models.api_key import FIRST_ORG, ApiKey, normalize_key_name
from models.errors import ApiKeyNotFound, BellwetherError
from models.user import User, normalize_email, normalize_user_name

PAGE = 500
keys = AppGroup("api-key", help="Create, list and revoke API keys.")
users = AppGroup("user", help="List people, make links by which they set a password, and take lost second factors away.")


@keys.command("create")
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


@keys.command("list")
def list_all() -> None:
    """List the keys, without the keys themselves."""
    count, before = 0, None
    with open_database(as_it_is=True) as database:
        while found := list_keys(database, FIRST_ORG, KeyPage(PAGE, before)):
            for key in found:
                click.echo(_line(key))
            count, before = count + len(found), found[-1].id
    click.echo(f"{count} {'key' if count == 1 else 'keys'}, besides the master key.")


@keys.command("revoke")
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke the key with this ID."""
    with open_database(as_it_is=True) as database:
        try:
            revoked = revoke_key(database, NoCache(database), Revocation(FIRST_ORG, key_id, "the command line"))
        except ApiKeyNotFound as error:
            raise click.ClickException("There is no API key with this id. `flask api-key list` lists them.") from error
    click.echo("The key is revoked: it is refused within two seconds." if revoked else "The key had been revoked before.")


@users.command("list")
def list_people() -> None:
    """List everybody with an account."""
    count, before = 0, None
    with open_database(as_it_is=True) as database:
        while found := list_users(database, before, PAGE):
            for user in found:
                click.echo(_line_of_user(user))
            count, before = count + len(found), found[-1].id
    click.echo(f"{count} {'account' if count == 1 else 'accounts'}.")


@users.command("password-link")
@click.argument("email")
def make_link(email: str) -> None:
    """Make a link by which somebody sets a new password, within a day and once. EMAIL is the address that they sign in with."""
    with open_database(as_it_is=True):
        try:
            made = link_for_email(accounts(), email, "the command line")
        except UserNotFound as error:
            raise click.ClickException(str(error)) from error
    click.echo(made.url or f"{made.path}\n\nThis is the path at your service: PUBLIC_URL is not set.")


@users.command("remove-second-factor")
@click.argument("email")
def remove_second_factor(email: str) -> None:
    """Take the second factor of somebody away who has lost it, and end their sign-ins. EMAIL is the address that they sign in with."""
    with open_database(as_it_is=True):
        parts = accounts()
        try:
            take_away_of_email(parts, email)
        except (UserNotFound, NoSecondFactor) as error:
            raise click.ClickException(str(error)) from error
        finally:
            parts.mail.close()  # sends what waits
    click.echo("The second factor is taken away, and all sign-ins have ended. The password is enough until another is set up.")


@click.command("create-admin")
@click.argument("email")
@click.option("--name", help="What they are called; by default the part of the address before the @.")
@click.option(
    "--password", envvar="ADMIN_PASSWORD", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for, unless it is given."
)
@with_appcontext
def create_admin(email: str, name: str | None, password: str) -> None:
    """Make an administrator who looks after the whole installation. EMAIL is the address that they sign in with."""
    try:
        address = normalize_email(email)
        new = NewUser(address, normalize_user_name(name or address.partition("@")[0]), password)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error
    with open_database():
        try:
            user = make_admin(accounts(), new)
        except BellwetherError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{user.email} can sign in now, and looks after the whole installation.")


def _line_of_user(user: User) -> str:
    state = f"disabled {user.disabled_at:%Y-%m-%d}" if user.disabled_at else "active"
    marks = ", ".join(word for word, is_so in (("operator", user.is_operator), ("two factors", user.two_factor)) if is_so)
    return f"{user.id}  {user.created_at:%Y-%m-%d}  {state:19}  {user.email}{f'  ({marks})' if marks else ''}"


def _line(key: ApiKey) -> str:
    state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
    used = f"last used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
    return f"{key.id}  {key.created_at:%Y-%m-%d}  {state:18}  {used:26}  {key.name}"
