"""Steps that are done for each of several items: a job of their own, with a key for each item, whose answers become one list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from database import Database
from features.pipelines import steps
from features.pipelines.bounded import within
from features.pipelines.definition import StepSpec
from features.pipelines.steps import StepFailed
from features.pipelines.store import item as item_store
from features.pipelines.store import run as run_store
from features.pipelines.templates import Resolver, TemplateError
from features.pipelines.validation import stored
from infrastructure.capability import Call, Capabilities, Capability, Reads, Writes
from jobs import service as jobs
from models.errors import JobUnreadable
from models.job import Fault, Job, Lane, NewJob, Stored
from models.pipeline import PIPELINE_ITEMS, Run, RunStatus
from utils.json_text import dump, parse_tolerant

if TYPE_CHECKING:
    from features.pipelines.execution import Means

LANE = Lane.CPU
NOTED = 10  # items that failed and are told of
ENDED = Fault("run_ended", "The run has ended, or was cancelled.")


@dataclass(frozen=True)
class ItemsParams:
    """The step that a job does for each item."""

    run_id: str
    position: int


@dataclass(frozen=True)
class ItemDone:
    """What became of an item: its answer as JSON, or the reason why it has none; `writes` is what is still to be written."""

    run_id: str
    position: int
    item: int
    answer: str | None = None
    reason: str | None = None
    writes: tuple[Call, Any, StepSpec] | None = None  # the call, its inputs, and the step


def queue(connection: Connection, run: Run, position: int, count: int) -> Job:
    """Queue the job of a step's items within the caller's transaction."""
    params = dump({"run_id": run.id, "position": position}).decode()
    return jobs.enqueue(connection, run.org_id, NewJob(PIPELINE_ITEMS, LANE, params, [f"{number:03d}" for number in range(count)])).job


def read_params(text: str) -> ItemsParams:
    """Parse the JSON of a job. Raises JobUnreadable."""
    try:
        values = parse_tolerant(text)
        return ItemsParams(str(values["run_id"]), int(values["position"]))
    except (KeyError, TypeError, ValueError) as error:
        raise JobUnreadable(f"{type(error).__name__}: {error}") from error


def run_items(
    database: Database, means: Means, owner: tuple[int, ItemsParams], keys: Sequence[str]
) -> Iterator[tuple[str, ItemDone | Fault]]:
    """Yield what became of each item. Raises the database's errors."""
    org_id, params = owner
    with database.reader() as connection:
        run = run_store.find(connection, org_id, params.run_id)
        answers = run_store.answers(connection, params.run_id, params.position)
        size = item_store.stored_size(connection, params.run_id, params.position)
    if run is None or run.status is not RunStatus.WAITING or run.next_step != params.position:
        yield from ((key, ENDED) for key in keys)
        return
    size += run.state_bytes
    names = steps.names_of(run, answers)
    step = stored(run.definition).steps[params.position]
    batch = _Batch(database, means, run, step, names)
    for key in keys:
        done = batch.do(int(key))
        size += len(done.answer or "")
        if size > means.limits.state_bytes:
            most = f"{means.limits.state_bytes:,}"
            done = ItemDone(run.id, params.position, int(key), reason=f"The answers of the run would have more than {most} bytes.")
        yield key, done


class _Batch:
    """Some items of one step."""

    def __init__(self, database: Database, means: Means, run: Run, step: StepSpec, names: Mapping[str, Any]) -> None:
        self._database, self._means, self._run, self._step, self._names = database, means, run, step, names
        self._failure: str | None = None
        self._listed: list[Any] = []
        self._capability: Capability | None = None
        try:
            self._capability = steps.find_capability(step, means.offered_to(run.org_id))
            self._listed = Resolver(names).resolve(step.for_each, "for_each")
        except (StepFailed, TemplateError) as error:
            self._failure = str(error)

    def do(self, number: int) -> ItemDone:
        """Do the step for one item."""
        blank = ItemDone(self._run.id, self._run.next_step, number)
        try:
            return self._attempt(blank)
        except Exception as error:  # noqa: BLE001 — told as the item's failure, but for errors of the database
            failed = steps.unwrapped(error, self._step, self._means.limits.step_seconds)
            return ItemDone(blank.run_id, blank.position, number, reason=str(failed))

    def _attempt(self, blank: ItemDone) -> ItemDone:
        if self._failure is not None or self._capability is None:
            raise StepFailed(self._failure or "")
        resolver = Resolver({**self._names, "item": self._listed[blank.item], "number": blank.item})
        inputs = steps.prepare_args(self._step, self._capability, resolver).inputs
        call = Call(self._run.org_id, f"run:{self._run.id}:{self._step.name}:{blank.item}", f"run:{self._run.id}")
        work = self._capability.work
        if isinstance(work, Writes):
            return ItemDone(blank.run_id, blank.position, blank.item, writes=(call, inputs, self._step))
        assert isinstance(work, Reads), "a capability that starts jobs is not done for_each"
        answer = within(self._means.limits.step_seconds, self._step.name, lambda: work.answer(self._database, call, inputs))
        return ItemDone(blank.run_id, blank.position, blank.item, answer=steps.written(answer))


def store_items(connection: Connection, capabilities: Capabilities, outcomes: Mapping[str, ItemDone]) -> dict[str, Stored]:
    """Write what items write, and store their answers; return by key what came of them."""
    done = {key: _write(connection, capabilities, outcome) for key, outcome in sorted(outcomes.items())}
    rows = [
        {"run_id": each.run_id, "position": each.position, "item": each.item, "answer": each.answer, "reason": each.reason}
        for each in done.values()
    ]
    item_store.insert_many(connection, rows)
    return {key: Stored(each.run_id, "ok" if each.reason is None else "failed") for key, each in done.items()}


def _write(connection: Connection, capabilities: Capabilities, outcome: ItemDone) -> ItemDone:
    """What became of an item once it has written what it writes; what fails leaves nothing written."""
    if outcome.writes is None:
        return outcome
    call, inputs, step = outcome.writes
    work = capabilities.find(step.capability).work
    assert isinstance(work, Writes)
    connection.exec_driver_sql("SAVEPOINT item")
    try:
        answer = steps.written(work.answer(connection, call, inputs))
    except Exception as error:  # noqa: BLE001 — told as the item's failure, but for errors of the database
        reason = str(steps.unwrapped(error, step, 0.0))
    else:
        connection.exec_driver_sql("RELEASE SAVEPOINT item")
        return ItemDone(outcome.run_id, outcome.position, outcome.item, answer=answer)
    connection.exec_driver_sql("ROLLBACK TO SAVEPOINT item")
    connection.exec_driver_sql("RELEASE SAVEPOINT item")
    return ItemDone(outcome.run_id, outcome.position, outcome.item, reason=reason)


def collect(connection: Connection, run: Run, position: int, ended: tuple[StepSpec, Job]) -> tuple[list[Any], list[str]]:
    """The answers of all items in order, null for those that failed, and notes on these. Raises StepFailed unless the step goes on."""
    step, job = ended
    stored_items = item_store.list_items(connection, run.id, position)
    answers, failures = [], []
    for number in range(job.total):
        answer, reason = stored_items.get(number, (None, f"It was not done; see /api/v1/jobs/{job.id}/items."))
        answers.append(answer)
        if reason is not None:
            failures.append(f"item {number}: {reason}")
    if failures and step.on_error == "fail":
        raise StepFailed(f"{len(failures)} of {job.total} items failed; {failures[0]}")
    item_store.delete(connection, run.id, position)
    more = [f"{len(failures) - NOTED} more items failed."] if len(failures) > NOTED else []
    return answers, [*failures[:NOTED], *more]
