"""Helpers of the tests of pipelines: an application with trial capabilities, and runs that are run in this process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import database
from app import Application
from database import Database
from features.pipelines.kinds import PipelineItems, PipelineRuns
from infrastructure.outbox import hand_out, record
from jobs.executor import Executor, ExecutorOptions
from jobs.kind import JobKinds
from jobs.wakeup import NoWakeup
from kit.support import Client
from kit.trial import TrialKind
from models.event import EventType, NewEvent
from models.job import Lane
from models.job_state import FINISHED
from models.pipeline import Limits

ROUNDS = 50


def pipeline(*steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A definition with these steps."""
    return {"id": "trial", "name": "A trial", "steps": list(steps), **more}


def step(name: str, capability: str, /, **more: Any) -> dict[str, Any]:
    """A step; arguments that a step does not have itself are those of its capability."""
    own = {key.rstrip("_"): more.pop(key) for key in ("when", "for_each", "on_error", "if_off") if key in more}
    return {"as": name, "capability": capability, **({"args": more} if more else {}), **own}


class Runner:
    """Stores pipelines, begins runs and runs them as workers would."""

    def __init__(self, app: Application, limits: Limits | None = None) -> None:
        self.app, self.client = app, Client(app)
        foundation = app.services.foundation
        self.kinds = JobKinds([PipelineRuns(foundation, limits), PipelineItems(foundation, limits), TrialKind(Lane.CPU)])
        self._subscribers = foundation.subscribers
        hand_out(database.current(), self._subscribers)  # a subscriber is told of what happens from its first look on

    def put(self, definition: Mapping[str, Any]) -> Any:
        """Store a pipeline."""
        answer = self.client("PUT", f"/pipelines/{definition['id']}", json=definition)
        assert answer.status_code in (200, 201), answer.json
        return answer.json

    def begin(self, inputs: Mapping[str, Any] | None = None, pipeline_id: str = "trial") -> str:
        """Begin a run; return its id."""
        answer = self.client.post(f"/pipelines/{pipeline_id}/runs", {"inputs": dict(inputs or {})})
        assert answer.status_code == 202, answer.json
        return str(answer.json["id"])

    def work(self, own: Database | None = None) -> int:
        """Run what is queued; return the number of items."""
        options = ExecutorOptions(own or database.current(), self.kinds, Lane.CPU, 15.0, NoWakeup())
        executor = Executor("tester", threading.Event(), options)
        try:
            return executor.drain()
        finally:
            executor.close()

    def work_once(self) -> int:
        """Run one chunk of what is queued; return the number of items."""
        options = ExecutorOptions(database.current(), self.kinds, Lane.CPU, 15.0, NoWakeup())
        executor = Executor("tester", threading.Event(), options)
        try:
            return executor.run_chunk()
        finally:
            executor.close()

    def tell(self) -> None:
        """Tell the subscribers of every job that has ended."""
        statuses = ", ".join(f"'{status}'" for status in FINISHED)
        with database.transaction() as connection:
            for row in database_rows(connection, f"SELECT id, org_id, kind, status FROM analysis_jobs WHERE status IN ({statuses})"):
                data = {"job_id": row[0], "kind": row[2], "status": row[3]}
                record(connection, row[1], [NewEvent(EventType.JOB_FINISHED, f"job:{row[0]}", row[0], data)])
        hand_out(database.current(), self._subscribers)

    def finish(self, run_id: str) -> Any:
        """Work until a run has ended, and return it."""
        for _ in range(ROUNDS):
            self.work()
            self.tell()
            run = self.run(run_id)
            if run["finished_at"]:
                return run
        raise AssertionError(run)

    def run(self, run_id: str) -> Any:
        """A run with its trace."""
        return self.client.get(f"/runs/{run_id}").json

    def answers(self, run_id: str) -> dict[str, Any]:
        """The answers of the steps so far, by name."""
        return {name: self.client.get(f"/runs/{run_id}/steps/{name}").json["answer"] for name in outcomes(self.run(run_id))}

    def go(self, *steps: Mapping[str, Any], given: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Store a pipeline of these steps, run it to its end, and return the run. `given` are its inputs."""
        self.put(pipeline(*steps, **more))
        return self.finish(self.begin(given))

    def limited(self, limits: Limits) -> Runner:
        """The same with other limits."""
        return Runner(self.app, limits)


def database_rows(connection: Any, statement: str) -> list[Any]:
    """The rows of a statement of a test."""
    return list(connection.exec_driver_sql(statement))


def outcomes(run: Any) -> dict[str, str]:
    """The outcome of each step of a run that was run."""
    return {line["step"]: line["outcome"] for line in run["trace"] if line["outcome"] != "not_run"}
