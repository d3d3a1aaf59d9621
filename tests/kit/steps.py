"""A feature that exists only in the tests: capabilities that echo, count, write, start jobs, fail and hang.

Processes load it with EXTRA_FEATURES=kit.steps, and need tests/ in their PYTHONPATH.
"""

from __future__ import annotations

import threading
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, text

from api.schemas import Body, Ticker
from database import Database
from infrastructure.capability import Call, Capability, Reads, Started, Starts, Writes
from infrastructure.feature import Feature
from infrastructure.foundation import Foundation
from jobs.service import enqueue
from kit import trial
from kit.trial import TrialKind, TrialParams, new_trial
from models.errors import BellwetherError
from models.feature_flag import Flag
from models.job import Job, Lane

RARE = Flag("rare", "What is rare.")
TABLE = "CREATE TABLE IF NOT EXISTS written (call TEXT NOT NULL, text TEXT NOT NULL)"
INSERT = text("INSERT INTO written (call, text) VALUES (:call, :text)")


class Echo(Body):
    """What to answer."""

    value: Any = Field(None, description="The answer.")


class Need(Body):
    """A ticker that must be given."""

    ticker: Ticker
    strategy: str = "balanced"
    password: str | None = None


class Text(Body):
    """A text."""

    text: str = Field(max_length=2_000_000)


class Keys(Body):
    """The keys of a job."""

    keys: list[str]
    fails: list[str] = Field([], description="Those that fail.")


def create_tables(database: Database) -> None:
    """Create the tables that the capabilities write to."""
    with database.transaction() as connection:
        connection.exec_driver_sql(TABLE)
    trial.create_table(database)


def _need(database: Database, call: Call, inputs: Need) -> dict[str, Any]:
    return {"ticker": inputs.ticker, "strategy": inputs.strategy}


def _write(connection: Connection, call: Call, inputs: Text) -> dict[str, str]:
    connection.execute(INSERT, {"call": call.key, "text": inputs.text})
    if inputs.text == "refuse":
        raise BellwetherError("It was told to refuse.")
    return {"wrote": inputs.text}


def _fail(database: Database, call: Call, inputs: Echo) -> None:
    if inputs.value == "unexpectedly":
        raise ZeroDivisionError
    raise BellwetherError(f"It fails with {inputs.value}.")


def _hang(database: Database, call: Call, inputs: Echo) -> None:
    threading.Event().wait()


def _start(connection: Connection, call: Call, inputs: Keys) -> Started:
    deeds = dict.fromkeys(inputs.fails, "fail")
    return Started(enqueue(connection, call.org_id, new_trial(inputs.keys, TrialParams(deeds=deeds))).job.id)


def _started(connection: Connection, call: Call, inputs: Keys, job: Job) -> dict[str, Any]:
    return {"status": job.status, "succeeded": job.succeeded, "failed": job.failed, "keys": inputs.keys}


CAPABILITIES = (
    Capability("echo", "Answers what it is given.", Echo, Reads(lambda database, call, inputs: inputs.value)),
    Capability("need", "Needs a ticker.", Need, Reads(_need)),
    Capability("large", "Answers a text.", Text, Reads(lambda database, call, inputs: inputs.text)),
    Capability("write", "Writes a row.", Text, Writes(_write)),
    Capability("fail", "Fails.", Echo, Reads(_fail)),
    Capability("hang", "Never ends.", Echo, Reads(_hang)),
    Capability("start", "Starts a job.", Keys, Starts(_start, _started)),
    Capability("rare", "Is switched off at times.", Echo, Reads(lambda database, call, inputs: inputs.value), RARE),
)


def _kinds(foundation: Foundation) -> tuple[TrialKind, ...]:
    return (TrialKind(Lane.CPU),)


FEATURE = Feature("steps", kinds=_kinds, flags=(RARE,), capabilities=lambda foundation: CAPABILITIES)
