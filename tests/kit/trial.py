"""A feature that exists only in the tests: one kind of job per lane, whose keys succeed, fail or crash as its parameters say.

Processes load it with EXTRA_FEATURES=kit.trial, and need tests/ in their PYTHONPATH. Tests set these environment variables:

- TRIAL_LIMITS: fields of IsolationLimits as JSON, for both kinds.
- TRIAL_FOLDER: a folder in which an isolated process records its start, and finds the deed that it does then.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from database import Database
from infrastructure.feature import Feature
from jobs.kind import IsolationLimits
from models.errors import JobUnreadable
from models.job import Fault, Lane, NewJob
from utils.ids import new_id

if TYPE_CHECKING:
    from flask import Blueprint

FAILED = Fault("trial_failed", "It was told to fail.")
UNEXPECTED = Fault("trial_unexpected", "It raised, or could not be stored.")
NOISE = "noise on standard output"
LOWEST_REFUSED = 7  # the table refuses this score and higher ones
TABLE = f"""
    CREATE TABLE IF NOT EXISTS trial_results (
        id TEXT PRIMARY KEY,
        org_id BIGINT NOT NULL,
        key TEXT NOT NULL,
        score BIGINT NOT NULL CHECK (score < {LOWEST_REFUSED})
    )
"""
READ = text("SELECT count(*) FROM organizations")
INSERT = text("INSERT INTO trial_results (id, org_id, key, score) VALUES (:id, :org_id, :key, :score)")
FOREVER = 600.0  # seconds
ISOLATED = "--isolated" in sys.argv


@dataclass(frozen=True)
class TrialParams:
    """What happens to each key: `seconds` pass, then its deed is done. A key without a deed succeeds.

    A deed that begins with `once ` is done only the first time, which a file in `folder` records.
    """

    seconds: float = 0.0
    deeds: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""

    def as_text(self) -> str:
        return json.dumps(vars(self))


@dataclass(frozen=True)
class TrialOutcome:
    """The outcome of a key that succeeded. `deed` says what happens when it is stored."""

    deed: str


def kill_self(number: str) -> None:
    """Send a signal to this process."""
    os.kill(os.getpid(), signal.Signals[number])


def loop() -> None:
    """Use CPU time for ever."""
    while True:
        pass


def outlive_parent(flag: str) -> None:
    """Write the id of this process to a file, and run until its parent has ended."""
    parent = os.getppid()
    Path(flag).write_text(str(os.getpid()))
    while os.getppid() == parent:
        time.sleep(0.02)


def kill_parent() -> None:
    """Kill the worker that has started this process."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(FOREVER)


def raise_error() -> None:
    """Raise an exception that the executor does not expect."""
    raise ValueError("It was told to raise.")


DEEDS: dict[str, Callable[..., object]] = {
    "raise": raise_error,
    "leave": sys.exit,
    "exit": lambda: os._exit(9),
    "abort": os.abort,
    "signal": kill_self,
    "loop": loop,
    "hang": lambda: time.sleep(FOREVER),
    "sleep": lambda seconds: time.sleep(float(seconds)),
    "touch": lambda flag: Path(flag).touch(),
    "outlive_parent": outlive_parent,
    "kill_parent": kill_parent,
}
ENDINGS = ("fail", "forget", "refuse", "unstorable", "lose")  # not done at once, but by what `run` yields or what `store` does


class TrialKind:
    """A kind of job that does what its parameters say."""

    unexpected = UNEXPECTED

    def __init__(self, lane: Lane, limits: IsolationLimits | None = None) -> None:
        self.lane, self.name = lane, f"trial_{lane}"
        self.limits = limits or IsolationLimits(**json.loads(os.environ.get("TRIAL_LIMITS", "{}")))

    def prepare(self) -> None:
        """Do nothing: this kind has nothing to import."""

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> TrialParams:
        """Parse the parameters of a job. Raises JobUnreadable."""
        try:
            return TrialParams(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise JobUnreadable(str(error)) from error

    def run(self, database: Database, org_id: int, params: TrialParams, keys: Sequence[str]) -> Iterator[tuple[str, TrialOutcome | Fault]]:
        """Do the deed of each key in order, and yield the outcomes. Like most kinds, read from the database first."""
        with database.reader() as reader:
            reader.execute(READ, {})
        for key in keys:
            if ISOLATED:
                print(NOISE)  # noqa: T201 — what a careless kind does
            time.sleep(params.seconds)
            deed = _act(params, key)
            if deed == "fail":
                yield key, FAILED
            elif deed != "forget":
                yield key, TrialOutcome(deed)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, TrialOutcome], moment: datetime) -> Mapping[str, str]:
        """Insert a row for each key, except for those with the deed `lose`. Returns the ids of the rows by key."""
        if any(outcome.deed == "unstorable" for outcome in outcomes.values()):
            raise_error()
        stored = {key: outcome for key, outcome in sorted(outcomes.items()) if outcome.deed != "lose"}
        rows: list[dict[str, Any]] = [
            {"id": new_id(), "org_id": org_id, "key": key, "score": LOWEST_REFUSED if outcome.deed == "refuse" else 0}
            for key, outcome in stored.items()
        ]
        if rows:
            connection.execute(INSERT, rows)
        return {row["key"]: row["id"] for row in rows}


def _act(params: TrialParams, key: str) -> str:
    """Do the deed of a key. Returns it if it is one of ENDINGS, otherwise an empty text."""
    deed = params.deeds.get(key, "")
    if deed.startswith("once "):
        deed = deed.removeprefix("once ")
        try:
            Path(params.folder, key).touch(exist_ok=False)
        except FileExistsError:
            return ""
    name, *arguments = deed.split() or [""]
    if name in DEEDS:
        DEEDS[name](*arguments)
        return ""
    assert name in ENDINGS or not name, name
    return name


def new_trial(keys: Sequence[str], params: TrialParams | None = None, lane: Lane = Lane.CPU) -> NewJob:
    """A trial job that is to be queued."""
    return NewJob(f"trial_{lane}", lane, (params or TrialParams()).as_text(), keys)


def create_table(database: Database) -> None:
    """Create the table that the kinds store to."""
    with database.transaction() as connection:
        connection.exec_driver_sql(TABLE)


def _blueprints() -> tuple[Blueprint, ...]:
    from flask import Blueprint, request

    from api.authentication import org_id
    from jobs.service import enqueue
    from jobs.submission import submit_job

    blueprint = Blueprint("trial", __name__)

    @blueprint.post("/api/v1/trials")
    def post_trial() -> Any:
        order = request.get_json()
        job = new_trial(order["keys"], TrialParams(seconds=order.get("seconds", 0.0)), Lane(order.get("lane", Lane.CPU)))
        return submit_job(request.headers.get("Idempotency-Key"), lambda connection: enqueue(connection, org_id(), job))

    return (blueprint,)


FEATURE = Feature("trial", blueprints=_blueprints, kinds=lambda foundation: (TrialKind(Lane.CPU), TrialKind(Lane.NETWORK)))


def _note_start() -> None:
    folder = os.environ.get("TRIAL_FOLDER")
    if not ISOLATED or folder is None:
        return
    with Path(folder, "started").open("a") as notes:
        notes.write(f"{os.getpid()}\n")
    deed = Path(folder, "at-start")
    if deed.exists():
        name, *arguments = deed.read_text().split()
        DEEDS[name](*arguments)


_note_start()
