"""Lets each request that may change something leave its entry in the audit log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from api.authentication import SAFE_METHODS
from api.request_state import StatefulRequest
from infrastructure.audit import NOBODY, Trail, current_trail, follow, resource
from models.access import Principal
from models.api_key import MASTER
from models.audit import Actor, ActorKind

if TYPE_CHECKING:
    from api.application import Application

API, OWN, OWN_KEYS = "/api/v1/", "/api/v1/auth/", "/api/v1/auth/keys"
_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")


def register_audit(app: Application) -> None:
    """Register this behind the guard: a request that is refused has no trail."""

    def begin(request: StatefulRequest) -> None:
        view = request.state.view
        if view is None or (request.method in SAFE_METHODS and not getattr(view, "changes", False)):
            return
        actor = NOBODY if request.state.principal is None else actor_of(request.state.principal)
        trail = Trail(view.__name__, actor, request.remote_addr, request.state.request_id)
        rule = request.url_rule.rule if request.url_rule else ""
        if rule.startswith(API):
            trail.target = partial(target_of, rule)
            trail.variables = dict(request.view_args or {})
            if rule.startswith(OWN) and not rule.startswith(OWN_KEYS) and not trail.variables and actor.kind is ActorKind.PERSON:
                trail.target = lambda variables: f"users/{actor.id}"
        follow(trail)

    app.add_hooks(before=begin)

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if current_trail() is not None:
            follow(None)


def describe(trail: Trail, arguments: Mapping[str, Any]) -> None:
    """Tell a trail of the validated parts of its request."""
    if "path" in arguments:
        trail.variables |= vars(arguments["path"])
    trail.sent = partial(_sent, arguments)


def _sent(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    sent: dict[str, Any] = {}
    for part in ("query", "body"):
        if part in arguments:
            sent |= arguments[part].model_dump(mode="json", by_alias=True, exclude_unset=True)
    if "raw" in arguments:
        sent["bytes"] = arguments["raw"].content_length
    return sent or None


def actor_of(principal: Principal) -> Actor:
    """The caller of a request as an actor."""
    if principal.key_id is None:
        return Actor(ActorKind.PERSON, principal.user_id, principal.org_id)
    return Actor(ActorKind.OPERATOR_KEY if principal.key_id == MASTER else ActorKind.KEY, principal.key_id, principal.org_id)


def target_of(rule: str, variables: Mapping[str, Any]) -> str:
    """What a request is about, by its path up to the last variable: `/api/v1/schedules/<id>/pause` is about `schedules/ID`."""
    last = max((match.end() for match in _VARIABLE.finditer(rule)), default=len(rule))
    return resource(_VARIABLE.sub(lambda match: str(variables.get(match[1], "")), rule[:last]))
