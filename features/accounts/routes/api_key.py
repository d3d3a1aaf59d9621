"""API keys: those of the organization, for its administrators, and one's own."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id, principal, user_id
from api.blueprint import ADMINISTRATION, api_blueprint
from api.idempotency import Answer
from api.marks import in_person, needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import Secret, answer_once
from api.schemas import LongPageQuery, SubmitHeaders
from api.services import services
from features.accounts.api_keys import Revocation, add_key, find_key, list_keys, log_creation, revoke_key
from features.accounts.routes.common import ACCOUNTS
from features.accounts.schemas.api_key import ApiKeyAnswer, ApiKeyPage, ApiKeyPath, ApiKeyRequest, NewApiKeyAnswer, key_answer
from features.accounts.store.api_key import KeyPage
from infrastructure.sql.transaction import after_commit
from models.access import Scope
from models.api_key import KeyRights
from models.errors import Forbidden
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("api_key", ADMINISTRATION)
own_blueprint = api_blueprint("own_api_key", ACCOUNTS)
SCOPE, OWN_SCOPE = ["api keys"], ["own api keys"]
PATH, OWN_PATH = "/api/v1/admin/keys", "/api/v1/auth/keys"
CREATE_PROBLEMS = (*BODY_PROBLEMS, "conflict", "idempotency_mismatch")
CREATE_SENDS = ("Location", "Idempotent-Replayed")


@blueprint.get("/admin/keys", responses={200: ApiKeyPage})
@needs(Scope.ADMIN)
def list_api_keys(query: LongPageQuery) -> Response:
    """The organization's API keys, newest first, revoked ones among them; never the keys themselves, and not the master key."""
    return _list(query, SCOPE, None)


@blueprint.post("/admin/keys", responses={201: NewApiKeyAnswer}, problems=CREATE_PROBLEMS, sends=CREATE_SENDS)
@needs(Scope.ADMIN)
def create_api_key(header: SubmitHeaders, body: ApiKeyRequest) -> Response:
    """Create an API key of the organization, which is nobody's in person. This answer alone has the key: it is stored nowhere.

    A request that is repeated with its `Idempotency-Key` creates no other one, and its `key` is null: if the first answer was lost,
    revoke the key and create another.
    """
    return _create(header, body, PATH, body.rights(None))


@blueprint.get("/admin/keys/<key_id>", responses={200: ApiKeyAnswer}, problems=("not_found",))
@needs(Scope.ADMIN)
def get_api_key(path: ApiKeyPath) -> Response:
    """One API key, without the key itself."""
    return json_response(key_answer(find_key(services().database, org_id(), path.key_id)))


@blueprint.delete("/admin/keys/<key_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.ADMIN)
def revoke_api_key(path: ApiKeyPath) -> Response:
    """Revoke an API key and end its sessions, in this process at once and in every other within two seconds. It cannot be undone.

    204 also for a key that had been revoked before.
    """
    revoke_key(services().database, services().cache, Revocation(org_id(), path.key_id, actor_id()))
    return Response(status=204)


@own_blueprint.get("/auth/keys", responses={200: ApiKeyPage})
@in_person
def list_own_keys(query: LongPageQuery) -> Response:
    """The caller's own API keys for this organization, newest first, revoked ones among them."""
    return _list(query, OWN_SCOPE, user_id())


@own_blueprint.post("/auth/keys", responses={201: NewApiKeyAnswer}, problems=CREATE_PROBLEMS, sends=CREATE_SENDS)
@in_person
def create_own_key(header: SubmitHeaders, body: ApiKeyRequest) -> Response:
    """Create an API key of one's own, for this organization. It may never do more than its person may, and stops when they leave.

    This answer alone has the key, as with POST /admin/keys.
    """
    return _create(header, body, OWN_PATH, body.rights(user_id()))


@own_blueprint.get("/auth/keys/<key_id>", responses={200: ApiKeyAnswer}, problems=("not_found",))
@in_person
def get_own_key(path: ApiKeyPath) -> Response:
    """One of the caller's own API keys, without the key itself."""
    return json_response(key_answer(find_key(services().database, org_id(), path.key_id, user_id())))


@own_blueprint.delete("/auth/keys/<key_id>", responses={204: None}, problems=("not_found",))
@in_person
def revoke_own_key(path: ApiKeyPath) -> Response:
    """Revoke one of the caller's own API keys; it is refused everywhere within two seconds. 204 also for one that was revoked before."""
    revoke_key(services().database, services().cache, Revocation(org_id(), path.key_id, actor_id(), user_id()))
    return Response(status=204)


def _list(query: LongPageQuery, scope: list[str], of_user: str | None) -> Response:
    before = read_cursor(query.cursor, scope)
    rows = list_keys(services().database, org_id(), KeyPage(query.limit + 1, before[0] if before else None, of_user))
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    return json_response({"items": list(map(key_answer, items)), "next_cursor": next_cursor})


def _create(header: SubmitHeaders, body: ApiKeyRequest, path: str, rights: KeyRights) -> Response:
    creator, secret = actor_id(), None
    if not rights.scopes <= principal().scopes:
        beyond = ", ".join(scope for scope in Scope if scope in rights.scopes - principal().scopes)
        raise Forbidden(f"A key cannot do more than whoever makes it, and you lack {beyond}. Leave it out of scopes.")

    def create(connection: Connection) -> Answer:
        nonlocal secret
        stored, secret = add_key(connection, org_id(), body.name, rights)
        # The answer that is stored for repetitions is without the key.
        public = dump({**key_answer(stored), "key": None}).decode()
        after_commit(connection, lambda: log_creation(stored, created_by=creator))
        return Answer(201, f"{path}/{stored.id}", public)

    return answer_once(header.idempotency_key, create, Secret("key", lambda: secret))
