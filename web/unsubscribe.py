"""The page behind the link at the end of an e-mail: whoever has it stops the channel's messages, without signing in."""

from __future__ import annotations

from flask import Blueprint, render_template

from api.marks import public
from api.services import services
from features.deliveries.unsubscribing import Unsubscribing
from infrastructure.audit import note
from models.audit import Actor, ActorKind

blueprint = Blueprint("unsubscribe", __name__)
ADDRESS = "/unsubscribe/<channel_id>/<signature>"


def links() -> Unsubscribing:
    """The service's links."""
    settings = services().settings
    return Unsubscribing(settings.resolve_secret_key, settings.public_url)


@blueprint.get(ADDRESS)
@public
def ask_to_unsubscribe(channel_id: str, signature: str) -> str:
    """Asks before it stops anything, because mail programs open links by themselves."""
    with services().database.reader() as connection:
        channel = links().find(connection, channel_id, signature)
    return _page(channel.name, is_stopped=not channel.enabled)


@blueprint.post(ADDRESS)
@public
def unsubscribe(channel_id: str, signature: str) -> str:
    """Stops the messages: for the page's button, and for mail programs with one click (RFC 8058)."""
    with services().database.transaction() as connection:
        channel = links().stop(connection, channel_id, signature)
        actor, former = Actor(ActorKind.ANYBODY, None, channel.org_id), {"enabled": channel.enabled}
        note(connection, target=f"channels/{channel_id}", actor=actor, before=former, after={"enabled": False})
    return _page(channel.name, is_stopped=True)


def _page(name: str, *, is_stopped: bool) -> str:
    return render_template("unsubscribe.html", name=name, is_stopped=is_stopped)
