"""The Excel report of a ticker: its latest stored result with reasons, its prices, and its earlier results."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, chain
from typing import Any

from database import Database
from features.prices import service as prices
from features.reports.job_report import SUPERSEDED, advice_of, colour_verdicts, superseded_word
from features.reports.parameters import ADJUSTMENTS, SIGNALS, VOTES, parameters_in_words, strategy_name
from features.reports.store import rows as report_store
from features.reports.store.rows import HistoryQuery, Latest
from features.reports.workbook import FIRST_EXCEL_YEAR, Book, CellValue, Column, Sheet, Style, WorkbookFile, write_workbook
from models.analysis import Signal
from models.day_text import day_text
from models.errors import NotFound, TickerNotFound
from models.price_series import MOST_BARS, PackedBars, digest_of
from models.result import ResultSummary, StoredResult
from utils.cancellation import Check, always_wanted
from utils.json_text import parse_tolerant

PAGE = 500  # results per read
BARS_SHOWN = 250  # the newest, without a period

AVERAGES = {20: "#ED7D31", 50: "#7030A0"}  # the days of each moving average in the chart, and its colour

SUMMARY = (Column("Field", 22, Style.LABEL), Column("Value", 100, Style.LONG_TEXT, align="left"))
INDICATORS = (
    Column("Name", 26),
    Column("Category", 12),
    Column("Value", 16, Style.DECIMAL),
    Column("Vote", 9),
    Column("Confidence", 12, Style.SCORE),
    Column("Weight", 9, Style.RATIO),
    Column("Contribution", 14, Style.SCORE),
    Column("Reason", 100, Style.LONG_TEXT),
)
LEVELS = (Column("Kind", 12), Column("Price", 12, Style.DECIMAL), Column("Touches", 10, Style.WHOLE), Column("Last touch", 12, Style.DATE))
PRICES = (
    Column("Date", 12, Style.DATE),
    *(Column(title, 12, Style.DECIMAL) for title in ("Open", "High", "Low", "Close")),
    Column("Volume", 16, Style.WHOLE),
    *(Column(f"SMA {days}", 12, Style.DECIMAL) for days in AVERAGES),
)
HISTORY = (
    Column("As of", 12, Style.DATE),
    Column("Close", 12, Style.DECIMAL),
    Column("Score", 9, Style.SCORE),
    Column("Verdict", 13),
    Column("Signal", 9),
    Column("Superseded", 13),
    Column("Parameters", 24),
    Column("Analysed (UTC)", 20, Style.MOMENT),
    Column("Result id", 38),
)
# The chart stands beside the prices; the columns of its horizontal lines lie to the right of it.
CHART_PLACE, CHART_SIZE, CHART_COLUMNS = "J2", {"width": 1080, "height": 480}, 19
CLOSE_COLOUR = "#1F4E79"
LINE_COLOURS = {"Entry": "#2E75B6", "Stop": "#C00000", "Target": "#00803C", "Support": "#7F7F7F", "Resistance": "#BF8F00"}


@dataclass(frozen=True)
class Facts:
    """What a report shows: the latest result, as stored and parsed, and bars up to its day; `bars_note` says which bars."""

    latest: Latest
    result: dict[str, Any]
    name: str | None
    bars: PackedBars
    bars_note: str
    averages: tuple[Sequence[float | None], ...] = ()  # by bar, those of AVERAGES

    @property
    def stored(self) -> StoredResult:
        """The result as it is stored."""
        return self.latest.stored


@dataclass(frozen=True)
class ReportSubject:
    """What a report is about: a ticker, a strategy, and the days to show, `start` and `end` included; None for no bound."""

    ticker: str
    strategy: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Line:
    """A horizontal line in the chart."""

    kind: str
    title: str
    price: float


def ticker_report(database: Database, org_id: int, subject: ReportSubject, check: Check = always_wanted) -> WorkbookFile:
    """Report the latest stored result of a ticker by a strategy, with prices and earlier results. Runs no analysis.

    Without a period the report has the newest 250 days and every stored result; with one, its newest MOST_BARS days.
    Raises TickerNotFound, NotFound when there is no result yet, PricesDamaged, or what `check` raises.
    """
    facts = _facts(database, org_id, subject)
    history = _history(database, HistoryQuery(org_id, facts.stored, subject.start, subject.end))
    name = f"bellwether-{subject.ticker}-{subject.strategy}-{facts.stored.as_of}"
    return write_workbook(name, lambda book: _fill(book, facts, history), check)


def report_history(database: Database, org_id: int, subject: ReportSubject) -> tuple[Latest, Iterator[ResultSummary]]:
    """The latest result and the results of the period, newest first. Raises as `ticker_report`."""
    latest = _facts(database, org_id, subject).latest
    history = _history(database, HistoryQuery(org_id, latest.stored, subject.start, subject.end))
    return latest, (summary for summary, _ in history)


def _facts(database: Database, org_id: int, subject: ReportSubject) -> Facts:
    ticker, strategy, start, end = subject.ticker, subject.strategy, subject.start, subject.end
    with database.reader() as connection:
        latest = report_store.find_latest(connection, org_id, ticker, strategy)
        loaded = prices.load(connection, org_id, ticker)
    if latest is None:
        if loaded is None:
            raise TickerNotFound(ticker)
        raise NotFound(f"{ticker} has not been analysed by the strategy {strategy} yet. POST /api/v1/analyze first.")
    stored = latest.stored
    result = parse_tolerant(stored.body)
    if loaded is None:
        return Facts(latest, result, None, PackedBars(b""), "no prices are stored any more")
    head, packed = loaded
    prices.check_whole(head, packed)
    packed = packed.between(end=stored.as_of)
    is_unchanged = digest_of(packed, head.steps) == result["provenance"]["bars_sha256"]
    note = "the prices analysed" if is_unchanged else "replaced since the analysis: not the prices analysed"
    has_period = start is not None or end is not None
    period = packed.between(start, end)
    shown = min(len(period), MOST_BARS if has_period else BARS_SHOWN)
    if has_period and shown < len(period):
        note = f"{note}; the newest {shown:,} of {len(period):,} days"
    bars = period.rows(len(period) - shown, len(period))
    return Facts(latest, result, head.name, bars, note, tuple(_averages(packed, bars, days) for days in AVERAGES))


def _averages(packed: PackedBars, bars: PackedBars, days: int) -> Sequence[float | None]:
    """The mean of the last `days` closes at each of `bars`, which follow one another in `packed`; None where there are fewer."""
    if len(bars) == 0:
        return []
    first = bisect_left(packed.day_numbers(), bars.day_numbers()[0])
    sums = list(accumulate(packed.column("close")[max(first - days, 0) : first + len(bars)], initial=0.0))
    lead = first - max(first - days, 0)
    return [(sums[lead + at + 1] - sums[lead + at + 1 - days]) / days if lead + at + 1 >= days else None for at in range(len(bars))]


def _history(database: Database, query: HistoryQuery) -> Iterator[tuple[ResultSummary, bool]]:
    """The results of a period, newest first, and whether each has the parameters of the latest."""
    before = None
    while True:
        # No connection is held while rows are written.
        with database.reader() as connection:
            page = report_store.list_period(connection, query, before, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        before = (page[-1][0].created_at, page[-1][0].id)


def _fill(book: Book, facts: Facts, history: Iterable[tuple[ResultSummary, bool]]) -> None:
    result = facts.result
    summary = book.add_sheet("Summary", SUMMARY)
    for label, value, style in _summary(facts):
        summary.append(label, value, styles=(None, style))
    indicators = book.add_sheet("Indicators", INDICATORS)
    for reading in result["indicators"]:
        keys = ("name", "category", "value", "vote", "confidence", "weight", "contribution", "reason")
        words = {"category": reading["category"].capitalize(), "vote": VOTES[reading["vote"]] if reading["available"] else "No data"}
        indicators.append(*({**reading, **words}[key] for key in keys))
    levels = book.add_sheet("Levels", LEVELS)
    for kind in ("support", "resistance"):
        for level in result["levels"][kind]:
            levels.append(kind, level["price"], level["touches"], date.fromisoformat(level["last_touch"]))
    _add_prices(book, facts, list(_lines(result)))
    _add_history(book, history)


def _summary(facts: Facts) -> Iterator[tuple[str, CellValue, Style | None]]:
    result, provenance = facts.result, facts.result["provenance"]
    yield "Ticker", result["ticker"], None
    yield "Name", facts.name, None
    yield "As of", date.fromisoformat(result["as_of"]), None
    yield "Close", result["close"], Style.DECIMAL
    yield "Score", result["score"], Style.SCORE
    yield "Verdict", result["verdict"], Style.LABEL
    if facts.latest.former_verdict is not None:
        until = f", until {day_text(facts.latest.since)}" if facts.latest.since else ""
        yield "Verdict before", f"{facts.latest.former_verdict}{until}", None
    if facts.latest.superseded:
        yield SUPERSEDED, "Its prices were replaced as a whole since; it is not compared with newer results.", None
    yield "Signal", SIGNALS[Signal(result["signal"])], None
    yield "Strategy", strategy_name(result["strategy"], provenance.get("strategy_version")), None
    yield "Parameters", parameters_in_words({"strategy": result["strategy"], "as_of": result["as_of"]}), None
    if record := result.get("record"):  # engines before version 6 made none
        yield "Record", record["sentence"] if record["available"] else record["reason"], None
    yield from _trade(result["signal"], result["trade"])
    for warning in result["warnings"]:
        yield "Warning", warning["message"], None
    yield "Provider", provenance["provider"], None
    yield "First day", date.fromisoformat(provenance["first"]), None
    yield "Last day", date.fromisoformat(provenance["last"]), None
    yield "Bars", result["bars"], Style.WHOLE
    yield "Adjustment", ADJUSTMENTS.get(provenance["adjustment"], provenance["adjustment"]), None
    yield "Sheet Prices", facts.bars_note, None
    yield "Bars SHA-256", provenance["bars_sha256"], None
    yield "Engine version", provenance["engine_version"], None
    yield "Result id", result["id"], None
    yield "Fingerprint", result["fingerprint"], None


def _trade(signal: str, trade: dict[str, Any] | None) -> Iterator[tuple[str, CellValue, Style | None]]:
    yield "Advice", advice_of(signal, trade), None
    # The plan of a Sell is that of a short sale.
    if trade is None or signal == Signal.SELL:
        return
    for field, key, style in (("Order", "order", None), ("Distance to the entry, %", "distance_percent", Style.PERCENT)):
        if key in trade:  # results of engine versions before 3 have none
            yield field, trade[key], style
    yield "Entry", trade["entry"], Style.DECIMAL
    yield "Entry method", trade["entry_method"], None
    yield "Stop", trade["stop_loss"], Style.DECIMAL
    yield "Target", trade["target"], Style.DECIMAL
    yield "Reward:risk", trade["reward_risk"], Style.RATIO
    yield "Shares", trade["shares"], Style.WHOLE
    yield "Position value", trade["position_value"], Style.MONEY
    yield "Risk amount", trade["risk_amount"], Style.MONEY


def _lines(result: dict[str, Any]) -> Iterator[Line]:
    trade = result["trade"]
    if trade is not None and result["signal"] != Signal.SELL:
        for title, key in (("Entry", "entry"), ("Stop", "stop_loss"), ("Target", "target")):
            yield Line(title, title, trade[key])
    for kind in ("Support", "Resistance"):
        for number, level in enumerate(result["levels"][kind.lower()], start=1):
            yield Line(kind, f"{kind} {number}", level["price"])


def _add_history(book: Book, history: Iterable[tuple[ResultSummary, bool]]) -> None:
    sheet = book.add_sheet("History", HISTORY)
    for result, has_same_parameters in history:
        parameters = "as the latest" if has_same_parameters else "others than the latest"
        sheet.append(
            result.as_of,
            result.close,
            result.score,
            result.verdict,
            SIGNALS[Signal(result.signal)],
            superseded_word(result.superseded),
            parameters,
            result.created_at,
            result.id,
        )
    sheet.add_filter()
    colour_verdicts(book, sheet)


def _add_prices(book: Book, facts: Facts, lines: list[Line]) -> None:
    gap = (Column("", 8.43),) * CHART_COLUMNS
    sheet = book.add_sheet("Prices", (*PRICES, *gap, *(Column(line.title, 12, Style.DECIMAL) for line in lines)))
    beside_chart: list[CellValue] = [None] * len(gap)
    levels = [line.price for line in lines]
    for bar, *averages in zip(facts.bars, *facts.averages, strict=False):
        sheet.append(bar.day, bar.open, bar.high, bar.low, bar.close, bar.volume, *averages, *beside_chart, *levels)
    if len(facts.bars) > 0:
        _add_chart(book, sheet, facts.bars, facts.result["ticker"], lines)


def _add_chart(book: Book, sheet: Sheet, bars: PackedBars, ticker: str, lines: list[Line]) -> None:
    """Draw the closes as a line; entry, stop, target and levels as horizontal lines."""
    chart = book.workbook.add_chart({"type": "line"})
    for title, line_format in (
        ("Close", {"color": CLOSE_COLOUR, "width": 1.75}),
        *((f"SMA {days}", {"color": colour, "width": 1}) for days, colour in AVERAGES.items()),
        *((line.title, {"color": LINE_COLOURS[line.kind], "width": 1, "dash_type": "dash"}) for line in lines),
    ):
        column = sheet.index_of(title)
        chart.add_series(
            {
                "name": ["Prices", 0, column],
                "categories": ["Prices", 1, 0, len(bars), 0],
                "values": ["Prices", 1, column, len(bars), column],
                "line": line_format,
            }
        )
    # Excel has no dates before its first year; such days are text in the sheet.
    has_dates = bars.first_day().year >= FIRST_EXCEL_YEAR
    chart.set_x_axis({"date_axis": has_dates, "text_axis": not has_dates, "num_format": "mmm yyyy"})
    prices = (bars.column("close"), [line.price for line in lines])
    chart.set_y_axis({"min": _round_below(min(chain(*prices)), max(chain(*prices))), "num_format": "#,##0.00"})
    chart.set_title({"name": f"{ticker}, close as traded"})
    chart.set_legend({"position": "bottom"})
    chart.set_size(CHART_SIZE)
    sheet.worksheet.insert_chart(CHART_PLACE, chart)


def _round_below(lowest: float, highest: float) -> float:
    """A round number at or below the lowest price: an axis that starts at 0 would flatten the lines."""
    if not lowest < highest:
        return 0.0
    step = 10.0 ** math.floor(math.log10(highest - lowest))
    return math.floor(lowest / step) * step
