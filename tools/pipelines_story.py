"""The part of the story behind the examples of the OpenAPI document that is about pipelines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from features.pipelines.runs import Starter
from features.pipelines.service import Pipelines
from models.api_key import FIRST_ORG, MASTER
from models.pipeline import Origin
from tools.api_recorder import Recorder

CANDIDATES = [{"ticker": "AAPL", "score": 0.62}, {"ticker": "IBM", "score": -0.11}, {"ticker": "MSFT", "score": 0.35}]
STRONGEST: dict[str, Any] = {
    "id": "strongest",
    "name": "The strongest of some",
    "description": "Chooses the candidates above a score.",
    "inputs": {"least": {"type": "number", "title": "Least score", "default": 0.3}, "most": {"type": "whole_number"}},
    "steps": [
        {
            "as": "chosen",
            "capability": "select",
            "args": {
                "items": CANDIDATES,
                "where": [{"field": "score", "op": ">", "value": "{{inputs.least}}"}],
                "sort": "score",
                "descending": True,
                "limit": "{{inputs.most}}",
            },
        },
        {
            "as": "best",
            "capability": "select",
            "args": {"items": "{{steps.chosen.items}}", "limit": 1},
            "when": {"op": ">", "left": "{{steps.chosen.count}}", "right": 1},
        },
    ],
    "outputs": {"tickers": "{{steps.chosen.items}}", "best": "{{steps.best.items[0].ticker ?? null}}"},
}


def tell_of_pipelines(call: Recorder, run_jobs: Callable[[], None]) -> None:
    """Store a pipeline, run it, change it, and go back."""
    call("list_capabilities")
    call("validate_pipeline", body=STRONGEST)
    call("validate_pipeline", body={**STRONGEST, "outputs": {"tickers": "{{steps.choosen.items}}"}})
    call("put_pipeline", pipeline_id="strongest", body=STRONGEST)
    call("put_pipeline", pipeline_id="strongest", body=STRONGEST)
    call("list_pipelines")
    call("get_pipeline", pipeline_id="strongest")
    call("begin_run", pipeline_id="strongest", body={"inputs": {"least": 0.5}, "dry_run": True})
    for key in ("2026-11-20-strongest", "2026-11-20-strongest-again"):
        for _ in range(2):
            run = call("begin_run", pipeline_id="strongest", body={}, header={"Idempotency-Key": key})
    call("cancel_run", run_id=run["id"])
    call("cancel_run", run_id=run["id"])
    run_jobs()
    done = call("list_runs", query={"status": "completed", "limit": 10})["items"][0]
    call("get_run", run_id=done["id"])
    call("get_run_step", run_id=done["id"], step="chosen")
    call("get_run_step", run_id=done["id"], step="chose")
    call("begin_run", pipeline_id="strongest", body={"inputs": {"least": "high"}})
    _workflows(call)
    call("put_pipeline", pipeline_id="strongest", body={**STRONGEST, "name": "The strongest"})
    call("list_pipeline_versions", pipeline_id="strongest")
    call("roll_back_pipeline", pipeline_id="strongest", body={"version": 1})
    call("delete_pipeline", pipeline_id="strongest")
    call("get_pipeline", pipeline_id="strongest")


def _workflows(call: Recorder) -> None:
    turned = {"op": "in", "left": "{{event.data.to}}", "right": ["Buy", "Strong Buy"]}
    order = {"name": "What turns to Buy", "pipeline": "strongest", "event_type": "result.verdict_changed", "filter": turned}
    made = call("create_workflow", body=order)
    call("create_workflow", body=order)
    call("create_workflow", body={**order, "name": "Broken", "filter": {"op": "is"}})
    call("list_workflows")
    call("get_workflow", workflow_id=made["id"])
    call("change_workflow", workflow_id=made["id"], body={"enabled": False})
    call("run_workflow", workflow_id=made["id"])
    call("delete_workflow", workflow_id=made["id"])
    call("delete_workflow", workflow_id=made["id"])
    for least in (0.2, 0.4):
        _do_on_five_weekdays(call, least)
    call("list_suggestions")
    first, second = call("list_suggestions")["items"]
    call("apply_suggestion", suggestion_id=first["id"])
    call("apply_suggestion", suggestion_id=first["id"])
    call("dismiss_suggestion", suggestion_id=second["id"])
    call("dismiss_suggestion", suggestion_id=second["id"])


def _do_on_five_weekdays(call: Recorder, least: float) -> None:
    """Begin runs as somebody would have by hand on the last five weekdays."""
    parts = call.app.services
    library = parts.foundation.part(Pipelines.of).library
    day, begun = datetime.now(UTC).replace(hour=21, minute=30), 0
    while begun < 5:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            with parts.database.transaction() as connection:
                found = library.find_to_run(connection, FIRST_ORG, "strongest")
                starter = Starter(library, lambda moment=day: moment)  # type: ignore[misc]
                starter.begin(connection, FIRST_ORG, found, {"least": least}, Origin(MASTER, f"key:{MASTER}"))
            begun += 1
