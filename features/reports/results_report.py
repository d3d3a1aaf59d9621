"""The screener's whole filtered list as an Excel file: a summary, a sheet for each strategy, and the filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from analysis.engine import ENGINE_VERSION
from analysis.price_text import price_text
from analysis.trade import size_position
from database import Database
from features.analyses.service import result_pages, standing_failures
from features.prices import service as prices
from features.reports.job_report import FIRST_ANALYSIS, RECORD, SUPERSEDED, advice_of, colour_verdicts, superseded_word
from features.reports.parameters import SIGNALS, VOTES, reason_in_words, strategy_name
from features.reports.summary import COLUMNS as SUMMARY_COLUMNS
from features.reports.summary import Change, Failure, Tally, write_summary
from features.reports.workbook import Book, CellValue, Column, Sheet, Style, WorkbookFile, write_workbook
from features.strategies import service as strategies
from infrastructure.exchanges import Expectations
from infrastructure.feature import Universes
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, Signal
from models.indicator import INDICATORS
from models.screen import VOTE_COLUMNS, ResultFilter, ScreenedResult
from models.strategy import STRATEGIES, Strategy
from models.universe import ALL, BUILT_IN, WATCHLIST, list_id_of, portfolio_id_of
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
    "superseded": Column(SUPERSEDED, 13),
    "former_verdict": Column("Before", 13),
    "move": Column("Score change", 13, Style.SCORE_CHANGE),
    "signal": Column("Signal", 9),
    "advice": Column("Advice", 44),
    "rsi": Column("RSI 14", 9, Style.RATIO),
    "distance_percent": Column("Distance to the entry, %", 15, Style.PERCENT),
    "entry": Column("Entry", 12, Style.DECIMAL),
    "stop_loss": Column("Stop", 12, Style.DECIMAL),
    "target": Column("Target", 12, Style.DECIMAL),
    **dict(zip(("record_hit", "record_lift", "record_n"), RECORD, strict=True)),
    **{column: Column(f"{INDICATORS[key].name} vote", 16) for column, key in VOTE_COLUMNS.items()},
    "bars": Column("Bars", 9, Style.WHOLE),
    "analysed_at": Column("Analysed (UTC)", 20, Style.MOMENT),
    "created_at": Column("Made (UTC)", 20, Style.MOMENT),
    "id": Column("Result id", 38),
}
USUAL = (
    *("ticker", "name", "strategy", "as_of", "close", "change_percent", "volume", "score", "verdict", "superseded"),
    *("former_verdict", "signal", "rsi"),
    *("distance_percent", "entry", "stop_loss", "target", "record_hit", "record_lift", "record_n", "bars", "analysed_at", "id"),
)
FILTERS = (Column("Filter", 26, Style.LABEL), Column("Value", 60, align="left"))
PLAN = ("distance_percent", "entry", "stop_loss", "target")
CHANGED_DAYS = 7
TICKERS_OF = {ALL: "all", WATCHLIST: "on the watchlist"}
ORDERS = {"former_verdict": "When the verdict changed", "closes": "20-day change, %"}


def results_report(
    database: Database, org_id: int, result_filter: ResultFilter, universes: Universes, check: Check = always_wanted
) -> WorkbookFile:
    """The filtered list as a workbook, with a summary and a sheet of the filters. Raises what `check` raises."""
    return write_workbook(f"bellwether-results-{today()}", lambda book: _fill(book, database, org_id, result_filter, universes), check)


def _fill(book: Book, database: Database, org_id: int, result_filter: ResultFilter, universes: Universes) -> None:
    summary = book.add_sheet("Summary", SUMMARY_COLUMNS)
    # A line of closes is no cell.
    columns = [column for column in result_filter.columns if column in COLUMNS] or list(USUAL)
    if first := next((column for column in columns if column in PLAN), None):
        columns.insert(columns.index(first), "advice")
    sheets: list[Sheet] = []
    moment = now()
    tally, recent_from, expectations = Tally(DEFAULT_CAPITAL), moment - timedelta(days=CHANGED_DAYS), Expectations(moment)
    listed = _strategies(database, org_id, result_filter.strategy)
    for strategy in listed:
        sheet = None
        for page in result_pages(database, org_id, replace(result_filter, strategy=strategy.id), universes):
            for result in page:
                if sheet is None:
                    sheet = _add_list(book, strategy.name, columns)
                    sheets.append(sheet)
                sheet.append(*(strategy.name if column == "strategy" else _cell(result, column, expectations) for column in columns))
                _count(result, strategy, tally, recent_from)
    for sheet in sheets or [_add_list(book, "Results", columns)]:
        sheet.add_filter()
        colour_verdicts(book, sheet)
    for failure in _failures(database, org_id, (result_filter, listed), universes):
        tally.add_failure(failure)
    filters = book.add_sheet("Filters", FILTERS)
    for name, value in _filters(result_filter):
        filters.append(name, value)
    total = sum(tally.verdicts.values())
    facts = (("Results", total), ("Report made (UTC)", now()), ("Engine of new results", ENGINE_VERSION))
    write_summary(book, summary, (*facts, ("Changed verdicts", f"those of the last {CHANGED_DAYS} days")), tally)


def _add_list(book: Book, name: str, columns: Sequence[str]) -> Sheet:
    return book.add_sheet(name, tuple(COLUMNS[column] for column in columns))


def _cell(result: ScreenedResult, column: str, expectations: Expectations) -> CellValue:
    """What stands in a column, in words where the API has codes. A Sell has no plan: its prices are those of a short sale."""
    if column == "advice":
        return _advice(result, expectations.of(result.ticker, result.freshness.exchange).is_stale(result.as_of))
    if column in PLAN and result.signal == Signal.SELL:
        return None
    value = result.value(column)
    if column in VOTE_COLUMNS:
        return "No data" if value is None else VOTES[value]
    if column == "former_verdict":
        return value or (FIRST_ANALYSIS if result.previous_score is None else "Unchanged")
    if column == "superseded":
        return superseded_word(result.superseded)
    return SIGNALS[Signal(result.signal)] if column == "signal" else value


def _advice(result: ScreenedResult, is_stale: bool) -> str | None:
    """What to do in a few words; the ticker's own report has the whole advice."""
    old = "Update the prices first. " if is_stale else ""
    if result.signal == Signal.SELL:
        return f"{old}Sell what you own; else stay out."
    if result.signal == Signal.HOLD or result.entry is None:
        return f"{old}{advice_of(result.signal, None)}"
    if result.entry == result.close:
        return f"{old}Buy at the next open."
    order = "limit" if result.entry < result.close else "stop"
    return f"{old}Wait for {price_text(result.entry)} with a {order} order."


def _count(result: ScreenedResult, strategy: Strategy, tally: Tally, recent_from: datetime) -> None:
    tally.verdicts[result.verdict] += 1
    tally.days[result.as_of] += 1
    is_recent = result.verdict_since is not None and result.verdict_since >= recent_from
    if result.former_verdict is not None and is_recent:
        tally.add_change(Change(result.ticker, result.name, result.former_verdict, result.verdict, result.score, strategy.name))
    if result.signal == Signal.BUY and result.entry is not None and result.stop_loss is not None:
        sizes = (DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, strategy.max_position_percent)
        tally.add_position(strategy.name, size_position(result.entry, result.stop_loss, *sizes))


def _strategies(database: Database, org_id: int, only: str | None) -> list[Strategy]:
    """The strategies that there are, or one of them; archived ones as well."""
    with database.reader() as connection:
        own = [each.strategy for each in strategies.list_own(connection, org_id)]
    return [strategy for strategy in (*STRATEGIES.values(), *own) if only in (None, strategy.id)]


def _failures(database: Database, org_id: int, listed: tuple[ResultFilter, list[Strategy]], universes: Universes) -> Iterator[Failure]:
    """The followed tickers whose last analysis failed, of the strategies and the filter's ticker."""
    result_filter, of = listed
    for strategy in of:
        with database.read() as connection:
            failures = standing_failures(connection, org_id, strategy.id)
            if failures and result_filter.universe not in BUILT_IN:
                tickers = prices.resolve_universe(connection, org_id, result_filter.universe, universes)
                failures = {ticker: failures[ticker] for ticker in failures.keys() & set(tickers)}
            heads = prices.find_heads(connection, org_id, list(failures)) if failures else {}
        for ticker, failure in sorted(failures.items()):
            if ticker.startswith(result_filter.text.upper()):
                name = heads[ticker].name if ticker in heads else None
                yield Failure(ticker, name, failure.code, f"{strategy.name}: {reason_in_words(failure.message)}")


def _tickers_of(universe: str) -> str:
    elsewhere = "on a watch list" if list_id_of(universe) is not None else f"of the universe {universe}"
    elsewhere = "held in a portfolio" if portfolio_id_of(universe) is not None else elsewhere
    return TICKERS_OF.get(universe, elsewhere)


def _filters(result_filter: ResultFilter) -> Iterator[tuple[str, CellValue]]:
    """Every filter in words; those that restrict nothing are left out."""
    votes = ", ".join(f"{INDICATORS[key].name} {VOTES[vote]}" for key, vote in result_filter.votes)
    order, is_descending = result_filter.sort.removeprefix("-"), result_filter.sort.startswith("-")
    yield "Tickers", _tickers_of(result_filter.universe)
    for name, value in (
        ("Ticker or name starts with", result_filter.text),
        ("Strategy", strategy_name(result_filter.strategy) if result_filter.strategy else None),
        ("Verdict", result_filter.verdict),
        ("Signal", SIGNALS[Signal(result_filter.signal)] if result_filter.signal else None),
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
        ("Least share of days right", result_filter.min_hit),
        ("Greatest share of days right", result_filter.max_hit),
        ("Least lift over any day", result_filter.min_lift),
        ("Greatest lift over any day", result_filter.max_lift),
        ("Least days of the record", result_filter.min_n),
        ("Record", None if result_filter.has_record is None else "only with one" if result_filter.has_record else "only without one"),
        ("Votes", votes),
    ):
        if value is not None and value != "":
            yield name, value
    title = ORDERS.get(order) or COLUMNS[order].title
    yield "Sorted by", f"{title}, {'falling' if is_descending else 'rising'}"
