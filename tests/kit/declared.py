"""Holds the problems that tests meet against the OpenAPI document: none is answered that its operation does not declare."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.exceptions import HTTPException

from api.application import Application
from utils.api_utils import PROBLEM_TYPE

_CODES: dict[str, set[str]] = {}  # by operation; read once, from the document of the first application


def require_declared(app: Application, method: str, path: str, answer: Any) -> None:
    """Fail for a problem that the operation does not declare. What is no operation of the document may answer anything."""
    if answer.mimetype != PROBLEM_TYPE:
        return
    try:
        endpoint, _ = app.url_map.bind("").match(path.partition("?")[0], method)
    except HTTPException:
        return
    if not _CODES:
        _CODES.update(_codes(json.loads(app.openapi_document())))
    declared = _CODES.get(endpoint.rpartition(".")[2])
    code = answer.json["code"]
    assert declared is None or code in declared, f"{method} {path} answers {answer.status_code} {code}, which it does not declare."


def _codes(document: dict[str, Any]) -> dict[str, set[str]]:
    """The codes of each operation's problems."""
    shared = document["components"]["responses"]
    codes: dict[str, set[str]] = {}
    for path in document["paths"].values():
        for entry in path.values():
            answers = [shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer for answer in entry["responses"].values()]
            codes[entry["operationId"]] = {code for answer in answers for code in answer.get("x-codes", ())}
    return codes
