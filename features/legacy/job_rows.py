"""Rows of the earlier tool's jobs. Each becomes a job that has ended, with the items that can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from features.legacy.rows import (
    Cell,
    Import,
    Notes,
    Refused,
    Row,
    Taken,
    id_of,
    moment_for_id,
    quoted,
    read_count,
    read_json_cell,
    read_moment,
    read_text,
    read_word,
    text_of,
)
from models.job import Fault, FinishedItem, FinishedJob, Lane, Stored, Tally
from models.job_state import JobStatus
from models.ticker import normalize_ticker
from utils.json_text import dump

IMPORTED_ANALYSIS = "imported_analysis"
COMPLETED = {"completed", "complete", "done", "success", "finished"}
FAILED = {"failed", "error"}
CANCELLED = {"cancelled", "canceled", "stopped"}
ACTIVE = {"queued", "pending", "processing", "running", "started", "analyzing", "in progress"}
MOST_ITEMS = 50_000
LONGEST_MESSAGE = 500
CREATED = ("created_at", "started_at", "updated_at")
NO_REASON = Fault("imported_failure", "The earlier tool kept no reason.")


@dataclass(frozen=True)
class OldJob:
    """A job as the earlier tool told it: the tickers that it names, and the message of each that it names as failed."""

    id: str
    ref: str
    params: str
    status: JobStatus
    total: int
    succeeded: int
    tickers: tuple[str, ...]
    errors: Mapping[str, str]
    fault: Fault | None
    created_at: datetime
    started_at: datetime
    finished_at: datetime

    @property
    def tally(self) -> Tally:
        """How many items ended how: those that neither succeeded nor are known to have failed are what the job's state makes of them."""
        others = self.total - self.succeeded
        if self.status is not JobStatus.CANCELLED:
            return Tally(self.succeeded, others, 0)
        failed = min(len(self.errors), others)
        return Tally(self.succeeded, failed, others - failed)

    def ended(self, results: Mapping[str, Stored]) -> FinishedJob:
        """The job with its items. `results` are those that were imported from it, by ticker."""
        tally = self.tally
        # A cancellation that came when all was done left nothing to cancel.
        status = JobStatus.COMPLETED if self.status is JobStatus.CANCELLED and not tally.cancelled else self.status
        return FinishedJob(
            id=self.id,
            kind=IMPORTED_ANALYSIS,
            lane=Lane.CPU,
            params=self.params,
            status=status,
            tally=tally,
            error=self.fault,
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            items=tuple(self._items(tally, results)),
        )

    def _items(self, tally: Tally, results: Mapping[str, Stored]) -> Iterable[FinishedItem]:
        others = [ticker for ticker in self.tickers if ticker not in self.errors]
        left = Counter(vars(tally))
        for ticker in islice(self.errors, tally.failed):
            left["failed"] -= 1
            yield FinishedItem(ticker, error=Fault("imported_failure", self.errors[ticker]))
        known = list(islice((ticker for ticker in others if ticker in results), tally.succeeded))
        left["succeeded"] -= len(known)
        yield from (FinishedItem(ticker, stored=results[ticker]) for ticker in known)
        # What became of the others is only known where all of them ended alike.
        linked = set(known)
        rest = [ticker for ticker in others if ticker not in linked]
        ends = [end for end, count in left.items() if count]
        if len(ends) == 1 and left[ends[0]] == len(rest):
            yield from (self._item(ticker, ends[0]) for ticker in rest)

    def _item(self, ticker: str, end: str) -> FinishedItem:
        if end == "cancelled":
            return FinishedItem(ticker)
        if end == "failed":
            return FinishedItem(ticker, error=self.fault or NO_REASON)
        # The id of a result that nobody has, as of one that retention has removed.
        return FinishedItem(ticker, stored=Stored(self.id[:24] + sha256(ticker.encode()).hexdigest()[:12]))


def read_job(row: Row, context: Import) -> Taken[OldJob]:
    """A job of the earlier tool. Raises Refused."""
    notes = Notes()
    ref = read_text(row, ("job_id", "id"), 200, notes)
    if ref is None:
        raise Refused("it has no job_id")
    status = _status(row)
    created_at = read_moment(row, CREATED, context)
    if created_at is None:
        raise Refused("it does not tell when it was made")
    started_at = read_moment(row, ("started_at",), context) or created_at
    ended_at = read_moment(row, ("completed_at", "finished_at", "updated_at"), context) or started_at
    finished_at = max(ended_at, started_at)  # versions wrote times of different zones into one row
    if finished_at < context.jobs_since:
        raise Refused(f"it ended on {finished_at:%Y-%m-%d}: finished jobs are kept for JOBS_KEPT_DAYS")
    errors, messages = _errors(row, notes)
    tickers = tuple(dict.fromkeys([*_tickers(row, notes), *errors]))
    total = max(read_count(row, "total") or 0, len(tickers))
    if not total:
        raise Refused("it names no tickers and counts none")
    old = OldJob(
        id=id_of(context, moment_for_id(row, CREATED, context), "analysis_jobs", ref),
        ref=ref,
        params=dump({"imported": True, "job_id": ref, "status": read_word(row, "status")}).decode(),
        status=status,
        total=total,
        succeeded=min(_succeeded(row, len(errors)), total - len(errors)),
        tickers=tickers,
        errors=errors,
        fault=_fault(row, status, messages),
        created_at=created_at,
        started_at=started_at,
        finished_at=finished_at,
    )
    return Taken(old, notes)


def missing_items(job: FinishedJob) -> str | None:
    """What to note of a job that names fewer items than it counts."""
    total = job.tally.succeeded + job.tally.failed + job.tally.cancelled
    return (
        None if len(job.items) == total else f"what became of {len(job.items):,} of its {total:,} tickers is known, the others are counted"
    )


def _status(row: Row) -> JobStatus:
    word = read_word(row, "status")
    if word in COMPLETED:
        return JobStatus.COMPLETED
    if word in CANCELLED:
        return JobStatus.CANCELLED
    if word in FAILED | ACTIVE:
        return JobStatus.FAILED
    raise Refused(f"its status {quoted(row.first('status'))} has no counterpart")


def _succeeded(row: Row, failed: int) -> int:
    told = read_count(row, "successful", "succeeded")
    return max((read_count(row, "completed") or 0) - failed, 0) if told is None else told


def _fault(row: Row, status: JobStatus, messages: list[str]) -> Fault | None:
    word = read_word(row, "status")
    if word in ACTIVE:
        return Fault("left_unfinished", f"The earlier tool had not finished this job: it was {word!r}.")
    if status is JobStatus.FAILED:
        return Fault("imported_failure", messages[0]) if messages else NO_REASON
    return None


def _errors(row: Row, notes: Notes) -> tuple[dict[str, str], list[str]]:
    """The message of each ticker that is named as failed, and the messages that name none."""
    by_ticker: dict[str, str] = {}
    messages: list[str] = []
    for name in ("errors", "error", "error_message"):
        text = row.first(name)
        if text is None:
            continue
        value = read_json_cell(row, name, notes) if _looks_like_json(text) else read_text(row, (name,), LONGEST_MESSAGE, notes)
        for ticker, message in _told(value):
            if ticker is None:
                messages.append(message)
            elif len(by_ticker) < MOST_ITEMS:
                by_ticker.setdefault(ticker, message)
    return by_ticker, messages


def _told(value: Any) -> Iterable[tuple[str | None, str]]:
    """Pairs of a ticker and a message, from a list of objects or texts, an object by ticker, or a text."""
    if isinstance(value, str):
        yield None, _message(value)
    elif isinstance(value, dict) and not {"error", "message"} & value.keys():
        for key, message in value.items():
            yield _ticker_or_none(key), _message(message)
    elif isinstance(value, dict):
        yield _ticker_or_none(value.get("ticker", value.get("symbol"))), _message(value.get("error", value.get("message")))
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict | str):
                yield from _told(inner)


def _looks_like_json(cell: Cell) -> bool:
    return text_of(cell).lstrip().startswith(("[", "{", "("))


def _message(value: Any) -> str:
    text = value if isinstance(value, str) else dump(value).decode()
    return "".join(letter for letter in text[:LONGEST_MESSAGE] if letter.isprintable()) or NO_REASON.message


def _tickers(row: Row, notes: Notes) -> list[str]:
    value: Any = None
    for name in ("tickers_json", "tickers", "symbols"):
        text = row.first(name)
        if text is not None:
            value = read_json_cell(row, name, notes) if _looks_like_json(text) else read_text(row, (name,), 1_000_000, notes)
            break
    named = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    tickers = [_ticker_or_none(each.get("ticker", each.get("symbol")) if isinstance(each, dict) else each) for each in named[:MOST_ITEMS]]
    unreadable = tickers.count(None) + max(len(named) - MOST_ITEMS, 0)
    if unreadable:
        notes.lost.append(f"{unreadable:,} of its tickers could not be read")
    return [ticker for ticker in tickers if ticker is not None]


def _ticker_or_none(value: Any) -> str | None:
    try:
        return normalize_ticker(value[:1000]) if isinstance(value, str) else None
    except ValueError:
        return None
