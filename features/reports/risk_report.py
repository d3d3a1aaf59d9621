"""The Excel report of a risk: its numbers with their definitions, its months, its falls, and its lines by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from models.metric import Metric
from models.risk import Fall, MonthReturn, Risk, RiskSeries
from utils.cancellation import Check, always_wanted

RATIOS = frozenset(
    {"sharpe", "sortino", "calmar", "tail_ratio", "skewness", "excess_kurtosis", "beta", "correlation", "information_ratio"}
    | {"up_capture", "down_capture"}
)
COUNTS = frozenset({"longest_drawdown"})
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH_COLUMNS = (
    Column("Year", 8, align="left"),
    *(Column(month, 9, Style.SHARE_CHANGE) for month in MONTHS),
    Column("Whole year", 12, Style.SHARE_CHANGE),
)
FALL_COLUMNS = (
    Column("Highest close", 14, Style.DATE),
    Column("Fall", 10, Style.SHARE),
    Column("Lowest close", 14, Style.DATE),
    Column("As high again", 14, Style.DATE),
    Column("Days down", 11, Style.WHOLE),
    Column("Days up", 11, Style.WHOLE),
)


def risk_report(risk: Risk, check: Check = always_wanted) -> WorkbookFile:
    """The workbook of a risk with its series. Raises what `check` raises."""
    beside = f"-{risk.benchmark.reference}" if risk.benchmark else ""
    return write_workbook(f"bellwether-risk-{risk.reference}{beside}-{risk.last_day}", lambda book: _fill(book, risk), check)


def _fill(book: Book, risk: Risk) -> None:
    assert risk.series is not None, "the report has the lines by day"
    beside = () if risk.benchmark is None else (Column(risk.benchmark.label, 14),)
    numbers = book.add_sheet(
        "Risk", (Column("Number", 22, Style.LABEL), Column(risk.label, 14), *beside, Column("Meaning", 110, Style.LONG_TEXT))
    )
    of_benchmark: dict[str, Metric] = {} if risk.benchmark is None else risk.benchmark.metrics
    for name, metric in risk.metrics.items():
        style = Style.RATIO if name in RATIOS else Style.WHOLE if name in COUNTS else Style.SHARE
        other = of_benchmark.get(name)
        cells: tuple[CellValue, ...] = () if risk.benchmark is None else (None if other is None else other.value,)
        label = name.replace("_", " ").capitalize()
        numbers.append(label, metric.value, *cells, metric.definition, styles=(None, style, *(style for _ in cells)))
    for label, value, kind in _facts(risk):
        numbers.append(label, value, styles=(None, kind))
    _add_months(book, risk.months)
    _add_falls(book, risk.falls)
    _add_days(book, risk, risk.series)


def _facts(risk: Risk) -> Iterator[tuple[str, CellValue, Style | None]]:
    yield "First day", risk.first_day, None
    yield "Last day", risk.last_day, None
    yield "Daily returns", risk.days, Style.WHOLE
    yield "Interest a year", risk.rate, Style.SHARE
    if risk.ticker is not None:
        yield "Closes", "adjusted for splits and dividends" if risk.adjusted else "as delivered, without dividends", None
    else:
        yield "Values", f"of the {risk.kind}, {'with' if risk.adjusted else 'without'} dividends", None
    for note in risk.notes:
        yield "Note", note, Style.LONG_TEXT


def _add_months(book: Book, months: tuple[MonthReturn, ...]) -> None:
    years: dict[str, dict[int, float]] = {}
    for month in months:
        years.setdefault(month.month[:4], {})[int(month.month[5:]) - 1] = month.value
    sheet = book.add_sheet("Months", MONTH_COLUMNS)
    for year, values in years.items():
        whole = 1.0
        for value in values.values():
            whole *= 1 + value
        sheet.append(int(year), *(values.get(at) for at in range(len(MONTHS))), whole - 1)


def _add_falls(book: Book, falls: tuple[Fall, ...]) -> None:
    sheet = book.add_sheet("Falls", FALL_COLUMNS)
    for fall in falls:
        up = None if fall.recovered is None else (fall.recovered - fall.trough).days
        sheet.append(fall.peak, fall.depth, fall.trough, fall.recovered, (fall.trough - fall.peak).days, up)


def _add_days(book: Book, risk: Risk, series: RiskSeries) -> None:
    beside: tuple[Column, ...] = ()
    if risk.benchmark is not None:
        beside = (
            Column(f"1 in {risk.benchmark.label}", 14, Style.DECIMAL),
            Column("Beta of the quarter", 18, Style.RATIO),
            Column("Correlation of the quarter", 22, Style.RATIO),
        )
    sheet = book.add_sheet(
        "Days",
        (
            Column("Day", 12, Style.DATE),
            Column(f"1 in {risk.label}", 14, Style.DECIMAL),
            Column("Drawdown", 12, Style.SHARE),
            Column("Volatility of the quarter", 22, Style.SHARE),
            *beside,
        ),
    )
    lines: list[Sequence[CellValue]] = [series.days, series.value, series.drawdown, series.volatility]
    lines.extend(line for line in (series.benchmark, series.beta, series.correlation) if line is not None)
    for row in zip(*lines, strict=True):
        sheet.append(*row)
    sheet.add_filter()
