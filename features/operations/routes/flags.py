"""Feature flags, for whoever is on call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response, current_app

import database
from api.authentication import key_id
from api.blueprint import api_blueprint
from api.marks import admin
from api.problem import problem_answers
from features.operations.schemas.flags import FlagAnswer, FlagChangeRequest, FlagList, FlagPath
from infrastructure import flag_store
from infrastructure.flags import CHANGES_SHOWN, FeatureFlags, list_flags
from models.errors import FlagNotFound
from models.feature_flag import Feature
from utils.api_utils import json_response

blueprint = api_blueprint("feature_flag", "Administration")

FLAGS = "feature_flags"  # the application's extension


def require_feature(feature: Feature) -> None:
    """Refuse the request while a feature is switched off."""
    _flags().require(feature)


def feature_switch(feature: Feature) -> Callable[[], bool]:
    """What says whether a feature is on, for what outlives its request."""
    return partial(_flags().is_enabled, feature)


@blueprint.get("/admin/flags", responses={200: FlagList, **problem_answers(403)})
@admin
def list_feature_flags() -> Response:
    """Every feature that can be switched off, and whether it is."""
    return json_response({"items": list_flags()})


@blueprint.get("/admin/flags/<name>", responses={200: FlagAnswer, **problem_answers(403, 404)})
@admin
def get_feature_flag(path: FlagPath) -> Response:
    """One feature, and who changed it when."""
    return json_response(_answer(_feature(path.name)))


@blueprint.put("/admin/flags/<name>", responses={200: FlagAnswer, **problem_answers(400, 403, 404, 415)})
@admin
def put_feature_flag(path: FlagPath, body: FlagChangeRequest) -> Response:
    """Switch a feature off or on. Every process follows within two seconds."""
    changed_by = key_id()
    feature = _feature(path.name)
    _flags().change(feature, body.enabled, body.reason, changed_by)
    return json_response(_answer(feature))


def _feature(name: str) -> Feature:
    try:
        return Feature(name)
    except ValueError as error:
        raise FlagNotFound(name, [str(feature) for feature in Feature]) from error


def _answer(feature: Feature) -> dict[str, Any]:
    with database.read() as connection:
        changes = flag_store.list_changes(connection, feature, CHANGES_SHOWN)
    return {"flag": next(flag for flag in list_flags() if flag.name == feature), "changes": changes}


def _flags() -> FeatureFlags:
    flags: FeatureFlags = current_app.extensions[FLAGS]
    return flags
