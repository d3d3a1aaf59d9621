"""The live workers, for operators."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import operators
from api.services import services
from features.operations.schemas.workers import WorkerList
from jobs.presence import list_busy
from models.worker import LiveWorker
from utils.api_utils import json_response

blueprint = api_blueprint("worker", ADMINISTRATION)


@blueprint.get("/admin/workers", responses={200: WorkerList}, problems=("forbidden",))
@operators
def list_workers() -> Response:
    """The worker processes that are alive on all machines, with the age of their heartbeat and what each holds now.

    A worker that is killed is gone within 15 seconds.
    """
    with services().database.read() as connection:
        return json_response({"items": [_answer(worker) for worker in list_busy(connection)]})


def _answer(worker: LiveWorker) -> dict[str, Any]:
    return {
        **vars(worker.identity),
        "started_at": worker.started_at,
        "seen_seconds": worker.seen_seconds,
        "doing": [
            {"job_id": holding.job_id, "kind": holding.kind, "items": holding.items, "since": holding.since} for holding in worker.holdings
        ],
    }
