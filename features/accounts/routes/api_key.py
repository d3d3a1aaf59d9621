"""API keys, for the holder of the master key."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import key_id, org_id
from api.blueprint import ADMINISTRATION, api_blueprint
from api.idempotency import Answer
from api.marks import admin
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import Secret, answer_once
from api.schemas import LongPageQuery, SubmitHeaders
from api.services import services
from features.accounts.api_keys import add_key, find_key, list_keys, log_creation, revoke_key
from features.accounts.schemas import ApiKeyAnswer, ApiKeyPage, ApiKeyPath, ApiKeyRequest, NewApiKeyAnswer
from infrastructure.sql.transaction import after_commit
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("api_key", ADMINISTRATION)
SCOPE = ["api keys"]
PATH = "/api/v1/admin/keys"


@blueprint.get("/admin/keys", responses={200: ApiKeyPage}, problems=("forbidden",))
@admin
def list_api_keys(query: LongPageQuery) -> Response:
    """The API keys, newest first, revoked ones among them. The keys themselves are stored nowhere, and the master key is not listed."""
    before = read_cursor(query.cursor, SCOPE)
    rows = list_keys(services().database, org_id(), before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, SCOPE, lambda last: [last.id])
    return json_response({"items": items, "next_cursor": next_cursor})


@blueprint.post(
    "/admin/keys",
    responses={201: NewApiKeyAnswer},
    problems=(*BODY_PROBLEMS, "forbidden", "conflict", "idempotency_mismatch"),
    sends=("Location", "Idempotent-Replayed"),
)
@admin
def create_api_key(header: SubmitHeaders, body: ApiKeyRequest) -> Response:
    """Create an API key. This answer alone has the key: it is stored nowhere.

    A request that is repeated with its `Idempotency-Key` creates no other one, and its `key` is null: if the first answer was lost,
    revoke the key and create another.
    """
    creator, secret = key_id(), None

    def create(connection: Connection) -> Answer:
        nonlocal secret
        stored, secret = add_key(connection, org_id(), body.name)
        # The answer that is stored for repetitions is without the key.
        public = dump({**vars(stored), "key": None}).decode()
        after_commit(connection, lambda: log_creation(stored, created_by=creator))
        return Answer(201, f"{PATH}/{stored.id}", public)

    return answer_once(header.idempotency_key, create, Secret("key", lambda: secret))


@blueprint.get("/admin/keys/<key_id>", responses={200: ApiKeyAnswer}, problems=("forbidden", "not_found"))
@admin
def get_api_key(path: ApiKeyPath) -> Response:
    """One API key, without the key itself."""
    return json_response(find_key(services().database, org_id(), path.key_id))


@blueprint.delete("/admin/keys/<key_id>", responses={204: None}, problems=("forbidden", "not_found"))
@admin
def revoke_api_key(path: ApiKeyPath) -> Response:
    """Revoke an API key and end its sessions, in this process at once and in every other within two seconds. It cannot be undone.

    204 also for a key that had been revoked before.
    """
    revoke_key(services().database, services().cache, org_id(), path.key_id, revoked_by=key_id())
    return Response(status=204)
