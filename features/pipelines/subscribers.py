"""What pipelines are told of events: a run goes on when the job that it waits for has ended, and workflows start runs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from features.pipelines import runs, workflows
from features.pipelines.runs import Starter
from infrastructure.flags import FeatureFlags
from infrastructure.outbox import Subscriber
from models.event import Event, EventType


def continuing(starter: Starter) -> Subscriber:
    """Lets runs go on when their jobs have ended."""

    def handle(connection: Connection, events: Sequence[Event]) -> None:
        for event in events:
            if event.subject is not None:
                runs.job_ended(connection, starter, event.subject)

    return Subscriber("pipeline_runs", frozenset({EventType.JOB_FINISHED}), handle)


def starting(starter: Starter, flags: FeatureFlags) -> Subscriber:
    """Starts the runs of workflows."""

    def handle(connection: Connection, events: Sequence[Event]) -> None:
        workflows.tell(connection, starter, flags, events)

    return Subscriber("workflows", frozenset(EventType), handle)
