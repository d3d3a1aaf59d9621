"""Imports the prices of many tickers: an upload is split into files, which are kept in the database until a job has stored each.

A worker reads a file and prepares its series outside of a transaction. The transaction that ends the item also stores the series and the
outcome and forgets the file, so that after a kill a file is either stored and its item done, or neither.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.files import service as files_service
from features.prices.files.archive import Split
from features.prices.files.dates import DateOrder
from features.prices.store import action as action_store
from features.prices.store import imported as import_store
from features.prices.store import series as series_store
from features.prices.uploads import Prepared, UploadOptions, prepare, read_upload, report_of, save
from infrastructure.sql.batches import delete_in_batches
from jobs.service import Submission, enqueue
from models.errors import BellwetherError, JobUnreadable
from models.footing import Basis
from models.job import Fault, Lane, NewJob, Stored
from models.price_errors import BasesDiffer, ImportNotFound, PriceQuality, StoredDaysLost
from models.price_import import PRICE_IMPORT, ImportOutcome, ImportProblem
from utils.clock import now
from utils.ids import is_id, new_id
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=7)  # files whose job has not come to them, and what became of the others
REFUSED_KEPT_FOR = timedelta(days=1)  # contents, for a retry
MOST_IGNORED = 20  # names that the job lists
MOST_ERRORS = 50  # of a file
BATCH = 50  # files in a transaction


@dataclass(frozen=True)
class ImportParams:
    """The parameters of an import's job."""

    import_id: str
    options: UploadOptions
    original: str | None = None  # the id of the kept file


def submit(connection: Connection, org_id: int, split: Split, options: UploadOptions, original: str | None = None) -> Submission:
    """Keep the files of an upload and queue the job that stores them, within the caller's transaction. `original` is the kept upload."""
    import_id = new_id()
    import_store.insert(connection, org_id, import_id, split.parts, now())
    params = dump(
        {
            "import_id": import_id,
            "extend": options.extend,
            "dry_run": options.dry_run,
            "dates": options.dates,
            "on_bad_rows": "drop" if options.leave_out_bad_rows else "refuse",
            "on_loss": "refuse" if options.keep_days else "allow",
            "price_basis": options.price_basis,
            "volume_basis": options.volume_basis,
            "ignored": split.ignored[:MOST_IGNORED],
            "original": original,
        }
    ).decode()
    return enqueue(connection, org_id, NewJob(PRICE_IMPORT, Lane.CPU, params, [part.ticker for part in split.parts]))


def read_params(text: str) -> ImportParams:
    """Parse the JSON of a job. Raises JobUnreadable for parameters that this version does not know."""
    try:
        values: dict[str, Any] = parse_tolerant(text)
        options = UploadOptions(
            extend=values["extend"],
            dry_run=values["dry_run"],
            dates=None if values["dates"] is None else DateOrder(values["dates"]),
            leave_out_bad_rows=values["on_bad_rows"] == "drop",
            price_basis=None if values["price_basis"] is None else Basis(values["price_basis"]),
            volume_basis=None if values["volume_basis"] is None else Basis(values["volume_basis"]),
            keep_days=values["on_loss"] == "refuse",
        )
        return ImportParams(values["import_id"], options, values.get("original"))
    except (KeyError, TypeError, ValueError) as error:
        raise JobUnreadable(f"{type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Imported:
    """A file that was read: the series that is to be stored, and what an upload of it would answer, as JSON."""

    params: ImportParams
    prepared: Prepared
    report: str


def import_files(database: Database, org_id: int, params: ImportParams, tickers: Sequence[str]) -> Iterator[tuple[str, Imported | Fault]]:
    """Yield the outcome of each ticker's file, one after the other: only one is unpacked at a time."""
    for ticker in tickers:
        yield ticker, _import_file(database, org_id, params, ticker)


def _import_file(database: Database, org_id: int, params: ImportParams, ticker: str) -> Imported | Fault:
    with database.read() as connection:
        file = import_store.find(connection, org_id, params.import_id, ticker)
        former = series_store.find_head(connection, org_id, ticker)
    if file is None or file.content is None:
        return Fault("upload_removed", f"The file of {ticker} is kept no longer. Send it again.")
    try:
        parsed = read_upload(zlib.decompress(file.content), ticker, params.options, former, file.lines)
        with database.read() as connection:
            prepared = prepare(connection, org_id, ticker, parsed, params.options)
    except BellwetherError as error:
        with database.transaction() as connection:
            import_store.save_problem(connection, params.import_id, ticker, dump(_problem_of(error)).decode())
        return Fault(error.code, str(error))
    report = replace(report_of(prepared, parsed, params.options), preview=None)
    return Imported(params, prepared, dump(report).decode())


def store_files(connection: Connection, org_id: int, outcomes: Mapping[str, Imported]) -> Mapping[str, Stored]:
    """Store the series and note what became of the files; return by ticker the import's id and what its file holds.

    A ticker is missing when its stored prices or actions have changed since its file was read: it is to be read again.
    """
    stored: dict[str, Stored] = {}
    # In a fixed order, so that two workers cannot deadlock.
    for ticker, imported in sorted(outcomes.items()):
        params, prepared = imported.params, imported.prepared
        series_store.lock_ticker(connection, org_id, ticker)
        before = (prepared.former[0] if prepared.former is not None else None, prepared.former_actions)
        if before != (series_store.find_head(connection, org_id, ticker), action_store.list_actions(connection, org_id, ticker)):
            continue
        if not params.options.dry_run:
            save(connection, prepared, params.options)
            if params.original is not None:
                files_service.add_subjects(connection, org_id, params.original, [ticker])
        import_store.save_report(connection, params.import_id, ticker, imported.report)
        stored[ticker] = _stored(imported)
    return stored


def _stored(imported: Imported) -> Stored:
    report = parse_tolerant(imported.report)
    facts = {name: report[name] for name in ("bars", "first", "last", "dropped")} | {"warnings": len(report["warnings"])}
    return Stored(imported.params.import_id, "Checked" if imported.params.options.dry_run else "Stored", None, facts)


def list_outcomes(connection: AnyReader, org_id: int, import_id: str, after: str, limit: int) -> list[ImportOutcome]:
    """What became of the files of an import, by ticker after `after`. Raises ImportNotFound."""
    files = import_store.list_files(connection, org_id, import_id, after, limit) if is_id(import_id) else []
    if not files and not after:
        raise ImportNotFound
    return [
        ImportOutcome(
            file.ticker,
            file.name,
            None if file.report is None else parse_tolerant(file.report),
            None if file.problem is None else ImportProblem(**parse_tolerant(file.problem)),
        )
        for file in files
    ]


def prune_imports(database: Database, moment: datetime | None = None) -> int:
    """Forget the contents of refused files after a day, and delete every file after a week; return how many were deleted."""
    moment = moment or now()
    with database.transaction() as connection:
        import_store.forget_refused(connection, moment - REFUSED_KEPT_FOR)
    before = moment - KEPT_FOR
    return delete_in_batches(database, lambda connection, limit: import_store.delete_before(connection, before, limit), BATCH)


def _problem_of(error: BellwetherError) -> ImportProblem:
    errors: list[dict[str, str]] = []
    total = 0
    if isinstance(error, PriceQuality):
        errors = [{"field": problem.place, "message": problem.message} for problem in error.problems[:MOST_ERRORS]]
        total = error.total
    elif isinstance(error, BasesDiffer):
        errors = [{"field": str(day), "message": error.sentence(old, new)} for day, old, new in error.days[:MOST_ERRORS]]
        total = len(error.days)
    elif isinstance(error, StoredDaysLost):
        errors, total = [{"field": f"{error.lost.first} to {error.lost.last}", "message": f"{error.lost.days} stored days."}], 1
    return ImportProblem(error.code, str(error), errors, total)
