"""Feature flags, for operators."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.authentication import actor_id
from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import operators
from api.problem import BODY_PROBLEMS
from api.services import services
from features.operations.schemas.flags import FlagAnswer, FlagChangeRequest, FlagList, FlagPath
from models.feature_flag import Flag
from utils.api_utils import json_response

blueprint = api_blueprint("feature_flag", ADMINISTRATION)

CHANGES_SHOWN = 20


@blueprint.get("/admin/flags", responses={200: FlagList}, problems=("forbidden",))
@operators
def list_feature_flags() -> Response:
    """Every feature flag and its state."""
    return json_response({"items": services().flags.list_flags()})


@blueprint.get("/admin/flags/<name>", responses={200: FlagAnswer}, problems=("forbidden", "not_found"))
@operators
def get_feature_flag(path: FlagPath) -> Response:
    """One feature flag, with its newest changes."""
    return json_response(_answer(services().flags.find(path.name)))


@blueprint.put("/admin/flags/<name>", responses={200: FlagAnswer}, problems=(*BODY_PROBLEMS, "forbidden", "not_found"))
@operators
def set_feature_flag(path: FlagPath, body: FlagChangeRequest) -> Response:
    """Switch a feature off or on. Every process follows within two seconds."""
    flags = services().flags
    flag = flags.find(path.name)
    flags.change(flag, body.enabled, body.reason, changed_by=actor_id())
    return json_response(_answer(flag))


def _answer(flag: Flag) -> dict[str, Any]:
    flags = services().flags
    stored = next(entry for entry in flags.list_flags() if entry.name == flag.name)
    return {"flag": stored, "changes": flags.list_changes(flag, CHANGES_SHOWN)}
