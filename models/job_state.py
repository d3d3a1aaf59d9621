"""The states of jobs and of their items, and the one table of legal transitions.

The SQL in jobs/store/ is built from these transitions, the tests are generated from them, and `python -m models.job_state` writes the
tables in docs/state_machine.md. The schema's CHECKs define what a row may look like in each state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobStatus(StrEnum):
    """The states of a job."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ItemStatus(StrEnum):
    """The states of an item."""

    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Move:
    """One legal transition: from `source` to `target`, who makes it, and when."""

    source: StrEnum
    target: StrEnum
    who: str
    when: str


# ---- jobs -------------------------------------------------------------------------------------------------------------------------

START = Move(JobStatus.QUEUED, JobStatus.PROCESSING, "a worker", "it claims the job's first item")
COMPLETE = Move(JobStatus.PROCESSING, JobStatus.COMPLETED, "a worker", "the last item has ended and none was cancelled")
FAIL = Move(JobStatus.PROCESSING, JobStatus.FAILED, "a worker", "the job cannot be run at all: its parameters cannot be read")
STOP = Move(JobStatus.PROCESSING, JobStatus.CANCELLED, "a worker, or a person", "the last item has ended and some were cancelled")
CANCEL = Move(JobStatus.QUEUED, JobStatus.CANCELLED, "a person", "they cancel it before a worker has claimed an item")

JOB_MOVES = (START, COMPLETE, FAIL, STOP, CANCEL)
ACTIVE = (JobStatus.QUEUED, JobStatus.PROCESSING)
FINISHED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

# ---- items ------------------------------------------------------------------------------------------------------------------------

CLAIM = Move(ItemStatus.QUEUED, ItemStatus.PROCESSING, "a worker", "it claims the chunk that the item is in")
SUCCEED = Move(ItemStatus.PROCESSING, ItemStatus.SUCCEEDED, "its worker", "its kind has stored the outcome, in the same transaction")
FAIL_ITEM = Move(ItemStatus.PROCESSING, ItemStatus.FAILED, "its worker", "the key fails, or the job cannot be run")
GIVE_BACK = Move(ItemStatus.PROCESSING, ItemStatus.QUEUED, "its worker", "it is asked to stop before it runs the item; no try is counted")
RESCUE = Move(ItemStatus.PROCESSING, ItemStatus.QUEUED, "maintenance, or worker.py", "the lease expired, or the worker's process ended")
STOP_ITEM = Move(ItemStatus.PROCESSING, ItemStatus.CANCELLED, "its worker, or maintenance", "the job was cancelled before the item was run")
CANCEL_ITEM = Move(ItemStatus.QUEUED, ItemStatus.CANCELLED, "a person", "they cancel the job")
ABANDON_ITEM = Move(ItemStatus.QUEUED, ItemStatus.FAILED, "a worker", "the job cannot be run")

ITEM_MOVES = (CLAIM, SUCCEED, FAIL_ITEM, GIVE_BACK, RESCUE, STOP_ITEM, CANCEL_ITEM, ABANDON_ITEM)


def is_legal(source: StrEnum, target: StrEnum) -> bool:
    """Whether a job or an item may change from `source` to `target`."""
    return any((move.source, move.target) == (source, target) for move in (JOB_MOVES if isinstance(source, JobStatus) else ITEM_MOVES))


def moves_as_markdown(moves: tuple[Move, ...]) -> str:
    """The transitions as a Markdown table."""
    lines = ["| from | to | who | when |", "|---|---|---|---|"]
    lines += [f"| {move.source} | {move.target} | {move.who} | {move.when} |" for move in moves]
    return "\n".join(lines)


if __name__ == "__main__":
    print(moves_as_markdown(JOB_MOVES), moves_as_markdown(ITEM_MOVES), sep="\n\n")  # noqa: T201
