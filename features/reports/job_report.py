"""The Excel report of a job: a summary, verdicts, failures, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.trade import Position, size_position
from database import Database
from features.reports.parameters import SIGNALS, describe_parameters, parameters_in_words, problem_in_words, reason_in_words, strategy_of
from features.reports.store import rows as report_store
from features.reports.store.rows import EndedItem
from features.reports.summary import COLUMNS as SUMMARY_COLUMNS
from features.reports.summary import VERDICT_COLOURS, Change, Failure, Tally, write_summary
from features.reports.workbook import Book, CellValue, Column, Sheet, Style, WorkbookFile, write_workbook
from jobs import service as job_service
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, Signal, Sizing
from models.evidence import RECORD_HORIZON
from models.job import Job
from models.job_state import ItemStatus
from utils.cancellation import Check, always_wanted
from utils.clock import now
from utils.json_text import parse_tolerant

PAGE = 500  # items per read
SUPERSEDED = "Superseded"  # a result whose prices were replaced as one since
FIRST_ANALYSIS = "First analysis"  # where a verdict has none before it
RECORD = (  # of a verdict, RECORD_HORIZON days later
    Column(f"Right after {RECORD_HORIZON} days", 18, Style.SHARE),
    Column("More than any day", 17, Style.SHARE_CHANGE),
    Column("Days of the record", 17, Style.WHOLE),
)

VERDICTS = (
    Column("Ticker", 14),
    Column("Name", 28),
    Column("As of", 12, Style.DATE),
    Column("Close", 12, Style.DECIMAL),
    Column("Score", 9, Style.SCORE),
    Column("Verdict", 13),
    Column("Before", 13),
    Column("Signal", 9),
    Column("Advice", 60),
    Column("Entry", 12, Style.DECIMAL),
    Column("Stop", 12, Style.DECIMAL),
    Column("Target", 12, Style.DECIMAL),
    Column("Reward:risk", 13, Style.RATIO),
    Column("Shares", 11, Style.WHOLE),
    Column("Position value", 16, Style.MONEY),
    Column("Risk amount", 14, Style.MONEY),
    *RECORD,
    Column(SUPERSEDED, 13),
    Column("Result id", 38),
)
FAILURES = (
    Column("Ticker", 14),
    Column("Name", 28),
    Column("Status", 12),
    Column("Tries", 8, Style.WHOLE),
    Column("Problem", 32),
    Column("Message", 100, Style.LONG_TEXT),
)
PARAMETERS = (Column("Parameter", 32, Style.LABEL), Column("Value", 80, Style.LONG_TEXT, align="left"))
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
    summary = book.add_sheet("Summary", SUMMARY_COLUMNS)
    verdicts, failures = book.add_sheet("Verdicts", VERDICTS), book.add_sheet("Failures", FAILURES)
    sizing = _sizing_of(params)
    tally = Tally(sizing.capital)
    known = strategy_of(params)
    strategy = known.name if known else str(params.get("strategy", ""))
    for item in ended_items(database, job):
        if item.status is ItemStatus.SUCCEEDED:
            verdicts.append(*_verdict(item, sizing, strategy, tally))
        else:
            reason = reason_in_words(item.error)
            failures.append(item.ticker, item.name, item.status.capitalize(), item.tries, problem_in_words(item.error_code), reason)
            if item.status is ItemStatus.FAILED:
                tally.add_failure(Failure(item.ticker, item.name, item.error_code, reason))
    verdicts.add_filter()
    failures.add_filter()
    colour_verdicts(book, verdicts)
    sheet = book.add_sheet("Parameters", PARAMETERS)
    for name, value in describe_parameters(params):
        sheet.append(name, value)
    write_summary(book, summary, _facts(job, params), tally)


def ended_items(database: Database, job: Job) -> Iterator[EndedItem]:
    """The ended items of a job, by ticker."""
    after = ""
    while True:
        # No connection is held while rows are written: a large report takes seconds.
        with database.reader() as connection:
            page = report_store.list_ended_items(connection, job.org_id, job.id, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].ticker


def _verdict(item: EndedItem, sizing: Sizing, strategy: str, tally: Tally) -> list[CellValue]:
    """The cells of a ticker's row, whose result is added to the tally."""
    result = item.result
    if result is None:
        return [item.ticker, item.name, *[None] * (len(VERDICTS) - 3), item.result_id]
    body = parse_tolerant(result.body)
    tally.verdicts[result.verdict] += 1
    tally.days[result.as_of] += 1
    tally.engines[str(body["provenance"]["engine_version"])] += 1
    if item.before is not None and item.before != result.verdict:
        tally.add_change(Change(item.ticker, item.name, item.before, result.verdict, result.score, strategy))
    before, signal = item.before or FIRST_ANALYSIS, SIGNALS[Signal(result.signal)]
    trade = body["trade"]
    advice = advice_of(result.signal, trade)
    cells: list[CellValue] = [item.ticker, item.name, result.as_of, result.close, result.score, result.verdict, before, signal, advice]
    record = body.get("record") or {}  # engines before version 6 made none
    end = (*(record.get(key) for key in ("hit", "lift", "n")), superseded_word(result.superseded), item.result_id)
    # The plan of a Sell is that of a short sale, and no plan for those who own the share or do not.
    if trade is None or result.signal == Signal.SELL:
        return [*cells, *[None] * (len(VERDICTS) - len(cells) - len(end)), *end]
    plan = (trade[key] for key in ("entry", "stop_loss", "target", "reward_risk"))
    position = _position(trade, sizing)
    tally.add_position(strategy, position)
    return [*cells, *plan, *position, *end]


def superseded_word(superseded: bool) -> str | None:
    """What marks a superseded result in a list."""
    return SUPERSEDED if superseded else None


def advice_of(signal: str, trade: dict[str, Any] | None) -> str | None:
    """What to do, in words. Trades of engine versions before 3 do not say."""
    if trade is not None:
        return trade.get("advice")
    if signal == Signal.HOLD:
        return "Hold what you own; there is no trade to make."
    return "There is no plan to act on: its target would not be a price."


def _position(trade: dict[str, Any], sizing: Sizing) -> Position:
    if sizing.max_position_percent is None:
        return Position(*(trade[key] for key in Position._fields))
    return size_position(trade["entry"], trade["stop_loss"], sizing.capital, sizing.risk_percent, sizing.max_position_percent)


def _sizing_of(params: dict[str, Any]) -> Sizing:
    """The job's sizing, with defaults; without a position cap when this version does not know the strategy."""
    strategy = strategy_of(params)
    return Sizing(
        capital=params.get("capital") or DEFAULT_CAPITAL,
        risk_percent=params.get("risk_percent") or DEFAULT_RISK_PERCENT,
        max_position_percent=params.get("max_position_percent") or (strategy.max_position_percent if strategy else None),
    )


def colour_verdicts(book: Book, sheet: Sheet) -> None:
    """Colour the columns of verdicts and scores that a sheet has, whose rows are all written."""
    last = max(sheet.rows, 1)
    titles = {column.title: index for index, column in enumerate(sheet.columns)}
    for title in ("Verdict", "Before"):
        if title in titles:
            for verdict, (background, text) in VERDICT_COLOURS.items():
                cell_format = book.workbook.add_format({"bg_color": background, "font_color": text})
                rule = {"type": "cell", "criteria": "==", "value": f'"{verdict}"', "format": cell_format}
                sheet.worksheet.conditional_format(1, titles[title], last, titles[title], rule)
    if "Score" in titles:
        sheet.worksheet.conditional_format(1, titles["Score"], last, titles["Score"], SCORE_SCALE)


def _facts(job: Job, params: dict[str, Any]) -> Iterator[tuple[str, CellValue]]:
    yield "Job id", job.id
    yield "Status", job.status.capitalize()
    yield "Parameters", parameters_in_words(params)
    yield "Created (UTC)", job.created_at
    yield "Started (UTC)", job.started_at
    yield "Finished (UTC)", job.finished_at
    yield "Tickers", job.total
    yield "Succeeded", job.succeeded
    yield "Failed", job.failed
    yield "Cancelled", job.cancelled
    if job.retry_of is not None:
        yield "Retry of", job.retry_of
    if job.error is not None:
        yield "Problem", problem_in_words(job.error.code)
        yield "Reason", reason_in_words(job.error.message)
    yield "Report made (UTC)", now()
