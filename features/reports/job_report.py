"""The Excel report of a job: verdicts, failures, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from analysis.trade import Position, size_position
from database import Database
from features.reports import store as report_store
from features.reports.store import EndedItem
from features.reports.workbook import Book, CellValue, Column, Sheet, Style, WorkbookFile, write_workbook
from jobs import service as job_service
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, Sizing, Verdict
from models.job import Job
from models.job_state import ItemStatus
from models.strategy import STRATEGIES
from utils.cancellation import Check, always_wanted
from utils.json_text import parse_tolerant

PAGE = 500  # items per read

VERDICTS = (
    Column("Ticker", 14),
    Column("As of", 12, Style.DATE),
    Column("Close", 12, Style.DECIMAL),
    Column("Score", 9, Style.SCORE),
    Column("Verdict", 13),
    Column("Signal", 9),
    Column("Entry", 12, Style.DECIMAL),
    Column("Stop", 12, Style.DECIMAL),
    Column("Target", 12, Style.DECIMAL),
    Column("Reward:risk", 13, Style.RATIO),
    Column("Shares", 11, Style.WHOLE),
    Column("Position value", 16, Style.MONEY),
    Column("Risk amount", 14, Style.MONEY),
    Column("Result id", 38),
)
FAILURES = (
    Column("Ticker", 14),
    Column("Status", 12),
    Column("Tries", 8, Style.WHOLE),
    Column("Code", 24),
    Column("Message", 100, Style.LONG_TEXT),
)
PARAMETERS = (Column("Parameter", 30, Style.LABEL), Column("Value", 60, align="left"))
# The colours of background and text.
VERDICT_COLOURS = {
    Verdict.STRONG_BUY: ("#63BE7B", "#0B3D1B"),
    Verdict.BUY: ("#C6EFCE", "#006100"),
    Verdict.HOLD: ("#FFEB9C", "#7F6000"),
    Verdict.SELL: ("#FFC7CE", "#9C0006"),
    Verdict.STRONG_SELL: ("#F8696B", "#4A0004"),
}
SCORE_SCALE = {
    "type": "3_color_scale",
    "min_type": "num",
    "mid_type": "num",
    "max_type": "num",
    "min_value": -1,
    "mid_value": 0,
    "max_value": 1,
    "min_color": "#F8696B",
    "mid_color": "#FFFFFF",
    "max_color": "#63BE7B",
}


def job_report(database: Database, org_id: int, job_id: str, check: Check = always_wanted) -> WorkbookFile:
    """Report a job's ended items, with positions sized by its parameters. Raises JobNotFound, or what `check` raises."""
    job = job_service.find(database, org_id, job_id)
    return write_workbook(f"bellwether-job-{job.id}", lambda book: _fill(book, database, job), check)


def _fill(book: Book, database: Database, job: Job) -> None:
    params = parse_tolerant(job.params)
    if not isinstance(params, dict):
        params = {}
    verdicts, failures = book.add_sheet("Verdicts", VERDICTS), book.add_sheet("Failures", FAILURES)
    sizing = _sizing_of(params)
    for item in _items(database, job):
        if item.status is ItemStatus.SUCCEEDED:
            verdicts.append(*_verdict(item, sizing))
        else:
            failures.append(item.ticker, item.status, item.tries, item.error_code, item.error)
    verdicts.add_filter()
    failures.add_filter()
    colour_verdicts(book, verdicts)
    sheet = book.add_sheet("Parameters", PARAMETERS)
    for name, value in _parameters(job, params):
        sheet.append(name, value)


def _items(database: Database, job: Job) -> Iterator[EndedItem]:
    after = ""
    while True:
        # No connection is held while rows are written: a large report takes seconds.
        with database.reader() as connection:
            page = report_store.list_ended_items(connection, job.org_id, job.id, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].ticker


def _verdict(item: EndedItem, sizing: Sizing) -> list[CellValue]:
    result = item.result
    if result is None:
        return [item.ticker, *[None] * (len(VERDICTS) - 2), item.result_id]
    cells: list[CellValue] = [item.ticker, result.as_of, result.close, result.score, result.verdict, result.signal]
    trade = parse_tolerant(result.body)["trade"]
    if trade is None:
        return [*cells, *[None] * (len(VERDICTS) - len(cells) - 1), item.result_id]
    plan = (trade[key] for key in ("entry", "stop_loss", "target", "reward_risk"))
    return [*cells, *plan, *_position(trade, sizing), item.result_id]


def _position(trade: dict[str, Any], sizing: Sizing) -> Position:
    if sizing.max_position_percent is None:
        return Position(*(trade[key] for key in Position._fields))
    return size_position(trade["entry"], trade["stop_loss"], sizing.capital, sizing.risk_percent, sizing.max_position_percent)


def _sizing_of(params: dict[str, Any]) -> Sizing:
    """The job's sizing, with defaults; without a position cap when this version does not know the strategy."""
    strategy = STRATEGIES.get(str(params.get("strategy")))
    return Sizing(
        capital=params.get("capital") or DEFAULT_CAPITAL,
        risk_percent=params.get("risk_percent") or DEFAULT_RISK_PERCENT,
        max_position_percent=params.get("max_position_percent") or (strategy.max_position_percent if strategy else None),
    )


def colour_verdicts(book: Book, sheet: Sheet) -> None:
    """Colour the columns Verdict and Score of a sheet whose rows are all written."""
    last = max(sheet.rows, 1)
    column = sheet.index_of("Verdict")
    for verdict, (background, text) in VERDICT_COLOURS.items():
        cell_format = book.workbook.add_format({"bg_color": background, "font_color": text})
        rule = {"type": "cell", "criteria": "==", "value": f'"{verdict}"', "format": cell_format}
        sheet.worksheet.conditional_format(1, column, last, column, rule)
    column = sheet.index_of("Score")
    sheet.worksheet.conditional_format(1, column, last, column, SCORE_SCALE)


def _parameters(job: Job, params: dict[str, Any]) -> Iterator[tuple[str, CellValue]]:
    yield "Job id", job.id
    yield "Status", job.status
    yield "Created (UTC)", job.created_at
    yield "Started (UTC)", job.started_at
    yield "Finished (UTC)", job.finished_at
    yield "Total", job.total
    yield "Succeeded", job.succeeded
    yield "Failed", job.failed
    yield "Cancelled", job.cancelled
    if job.retry_of is not None:
        yield "Retry of", job.retry_of
    if job.error is not None:
        yield "Error code", job.error.code
        yield "Error", job.error.message
    for name, value in params.items():
        yield from _flat(name, value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, CellValue]]:
    """A parameter as rows of name and value: one row per weight, lists joined, `as_of` as a date."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(f"{name}.{key}", part)
    elif isinstance(value, list):
        yield name, ", ".join(map(str, value))
    elif name == "as_of" and isinstance(value, str):
        yield name, _day_or_text(value)
    elif value is None or isinstance(value, str | int | float):
        yield name, value


def _day_or_text(text: str) -> date | str:
    # The parameters of a job that could not read them are shown as they are.
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
