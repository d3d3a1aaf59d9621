"""The screener's whole filtered list as an Excel file: a summary, a sheet for each strategy, and the filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from analysis.engine import ENGINE_VERSION
from analysis.trade import size_position
from database import Database
from features.analyses.service import result_pages, standing_failures
from features.prices import service as prices
from features.reports.job_report import colour_verdicts
from features.reports.parameters import strategy_name
from features.reports.summary import BUYS, Change, Failure, Tally, write_summary
from features.reports.summary import COLUMNS as SUMMARY_COLUMNS
from features.reports.workbook import Book, CellValue, Column, Sheet, Style, WorkbookFile, write_workbook
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT
from models.indicator import INDICATORS
from models.screen import VOTE_COLUMNS, ResultFilter, ScreenedResult
from models.strategy import STRATEGIES
from utils.cancellation import Check, always_wanted
from utils.clock import now, today

COLUMNS = {
    "ticker": Column("Ticker", 14),
    "name": Column("Name", 28),
    "strategy": Column("Strategy", 12),
    "as_of": Column("As of", 12, Style.DATE),
    "close": Column("Close", 12, Style.DECIMAL),
    "change_percent": Column("Day change, %", 14, Style.PERCENT),
    "month_percent": Column("20-day change, %", 16, Style.PERCENT),
    "volume": Column("Volume", 16, Style.WHOLE),
    "score": Column("Score", 9, Style.SCORE),
    "verdict": Column("Verdict", 13),
    "former_verdict": Column("Before", 13),
    "move": Column("Score change", 13, Style.SCORE),
    "signal": Column("Signal", 9),
    "rsi": Column("RSI 14", 9, Style.RATIO),
    "distance_percent": Column("To the entry, %", 15, Style.PERCENT),
    "entry": Column("Entry", 12, Style.DECIMAL),
    "stop_loss": Column("Stop", 12, Style.DECIMAL),
    "target": Column("Target", 12, Style.DECIMAL),
    **{column: Column(f"{INDICATORS[key].name} vote", 16, Style.WHOLE) for column, key in VOTE_COLUMNS.items()},
    "bars": Column("Bars", 9, Style.WHOLE),
    "analysed_at": Column("Analysed (UTC)", 20, Style.MOMENT),
    "created_at": Column("Made (UTC)", 20, Style.MOMENT),
    "id": Column("Result id", 38),
}
USUAL = (
    *("ticker", "name", "strategy", "as_of", "close", "change_percent", "volume", "score", "verdict", "former_verdict", "signal", "rsi"),
    *("distance_percent", "entry", "stop_loss", "target", "bars", "analysed_at", "id"),
)
FILTERS = (Column("Filter", 26, Style.LABEL), Column("Value", 60, align="left"))
CHANGED_DAYS = 7
VOTE_WORDS = {-1: "votes sell", 0: "votes neutral", 1: "votes buy"}
ORDERS = {"former_verdict": "When the verdict changed", "closes": "20-day change, %"}


def results_report(database: Database, org_id: int, result_filter: ResultFilter, check: Check = always_wanted) -> WorkbookFile:
    """The filtered list as a workbook, with a summary and a sheet of the filters. Raises what `check` raises."""
    return write_workbook(f"bellwether-results-{today()}", lambda book: _fill(book, database, org_id, result_filter), check)


def _fill(book: Book, database: Database, org_id: int, result_filter: ResultFilter) -> None:
    summary = book.add_sheet("Summary", SUMMARY_COLUMNS)
    # A line of closes is no cell.
    columns = [column for column in result_filter.columns if column in COLUMNS] or list(USUAL)
    sheets: dict[str, Sheet] = {}
    tally, recent_from = Tally(), now() - timedelta(days=CHANGED_DAYS)
    for page in result_pages(database, org_id, result_filter):
        for result in page:
            if result.strategy not in sheets:
                sheets[result.strategy] = _add_list(book, strategy_name(result.strategy), columns)
            sheets[result.strategy].append(*(result.value(column) for column in columns))
            _count(result, tally, recent_from)
    for sheet in list(sheets.values()) or [_add_list(book, "Results", columns)]:
        sheet.add_filter()
        colour_verdicts(book, sheet)
    for failure in _failures(database, org_id, result_filter):
        tally.add_failure(failure)
    filters = book.add_sheet("Filters", FILTERS)
    for name, value in _filters(result_filter):
        filters.append(name, value)
    total = sum(tally.verdicts.values())
    facts = (("Results", total), ("Report made (UTC)", now()), ("Engine of new results", ENGINE_VERSION))
    write_summary(book, summary, (*facts, ("Changed verdicts", f"those of the last {CHANGED_DAYS} days")), tally)


def _add_list(book: Book, name: str, columns: Sequence[str]) -> Sheet:
    return book.add_sheet(name, tuple(COLUMNS[column] for column in columns))


def _count(result: ScreenedResult, tally: Tally, recent_from: datetime) -> None:
    tally.verdicts[result.verdict] += 1
    tally.days[result.as_of] += 1
    is_recent = result.verdict_since is not None and result.verdict_since >= recent_from
    if result.former_verdict is not None and is_recent:
        name = strategy_name(result.strategy)
        tally.add_change(Change(result.ticker, result.name, result.former_verdict, result.verdict, result.score, name))
    strategy = STRATEGIES.get(result.strategy)
    if result.verdict in BUYS and strategy is not None and result.entry is not None and result.stop_loss is not None:
        sizes = (DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, strategy.max_position_percent)
        position = size_position(result.entry, result.stop_loss, *sizes)
        tally.add_position(position.position_value, position.risk_amount)


def _failures(database: Database, org_id: int, result_filter: ResultFilter) -> Iterator[Failure]:
    """The followed tickers whose last analysis failed, of the filter's strategy and ticker."""
    for strategy in [result_filter.strategy] if result_filter.strategy else list(STRATEGIES):
        with database.read() as connection:
            failures = standing_failures(connection, org_id, strategy)
            heads = prices.find_heads(connection, org_id, list(failures)) if failures else {}
        for ticker, failure in sorted(failures.items()):
            if ticker.startswith(result_filter.text.upper()):
                name = heads[ticker].name if ticker in heads else None
                yield Failure(ticker, name, failure.code, f"{strategy_name(strategy)}: {failure.message}")


def _filters(result_filter: ResultFilter) -> Iterator[tuple[str, CellValue]]:
    """Every filter in words; those that restrict nothing are left out."""
    votes = ", ".join(f"{INDICATORS[key].name} {VOTE_WORDS[vote]}" for key, vote in result_filter.votes)
    order, is_descending = result_filter.sort.removeprefix("-"), result_filter.sort.startswith("-")
    yield "Tickers", "on the watchlist" if result_filter.watched_only else "all"
    for name, value in (
        ("Ticker or name starts with", result_filter.text),
        ("Strategy", strategy_name(result_filter.strategy) if result_filter.strategy else None),
        ("Verdict", result_filter.verdict),
        ("Signal", result_filter.signal),
        ("Verdict changed since (UTC)", result_filter.changed_after),
        ("Lowest score", result_filter.min_score),
        ("Highest score", result_filter.max_score),
        ("Lowest RSI", result_filter.min_rsi),
        ("Highest RSI", result_filter.max_rsi),
        ("Least distance to the entry, %", result_filter.min_distance),
        ("Greatest distance to the entry, %", result_filter.max_distance),
        ("Least day change, %", result_filter.min_change),
        ("Greatest day change, %", result_filter.max_change),
        ("Lowest close", result_filter.min_close),
        ("Highest close", result_filter.max_close),
        ("Least volume", result_filter.min_volume),
        ("Votes", votes),
    ):
        if value is not None and value != "":
            yield name, value
    title = ORDERS.get(order) or COLUMNS[order].title
    yield "Sorted by", f"{title}, {'falling' if is_descending else 'rising'}"
