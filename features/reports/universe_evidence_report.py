"""The Excel report of the evidence of a universe: by tenths of the score, by verdict, and what each number means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from features.reports.job_report import colour_verdicts
from features.reports.parameters import strategy_name
from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from utils.cancellation import Check, always_wanted

_VALUES = ("Hit", "Hit, low", "Hit, high")
_DECILE_FIELDS = ("n", "hit", "hit_low", "hit_high", "mean", "excess", "excess_low", "excess_high")
_VERDICT_FIELDS = (
    *("n", "episodes", "tickers", "hit", "hit_low", "hit_high", "lift", "lift_low", "lift_high"),
    *("mean", "excess", "excess_low", "excess_high"),
)
_HORIZON = Column("Horizon, days", 14, Style.WHOLE)
DECILES = (
    _HORIZON,
    Column("Decile", 9, Style.WHOLE),
    Column("Score from", 11, Style.SCORE),
    Column("Score to", 11, Style.SCORE),
    Column("Days", 12, Style.WHOLE),
    *(Column(title, 12, Style.SHARE) for title in (*_VALUES, "Mean", "Excess", "Excess, low", "Excess, high")),
)
VERDICTS = (
    _HORIZON,
    Column("Verdict", 13),
    *(Column(title, 12, Style.WHOLE) for title in ("Days", "Episodes", "Tickers")),
    *(
        Column(title, 12, Style.SHARE)
        for title in (*_VALUES, "Lift", "Lift, low", "Lift, high", "Mean", "Excess", "Excess, low", "Excess, high")
    ),
)
SUMMARY = (Column("Field", 26, Style.LABEL), Column("Value", 110, Style.LONG_TEXT, align="left"))


def universe_evidence_report(evidence: Mapping[str, Any], check: Check = always_wanted) -> WorkbookFile:
    """The workbook of parsed evidence. Raises what `check` raises."""
    universe = evidence["universe"] or "tickers"
    name = f"bellwether-evidence-{universe}-{evidence['strategy']}-{evidence['last'] or 'none'}"
    return write_workbook(name, lambda book: _fill(book, evidence), check)


def _fill(book: Book, evidence: Mapping[str, Any]) -> None:
    summary = book.add_sheet("Summary", SUMMARY)
    for label, value in _summary(evidence):
        summary.append(label, value)
    deciles = book.add_sheet("Deciles", DECILES)
    verdicts = book.add_sheet("Verdicts", VERDICTS)
    for horizon in evidence["horizons"]:
        for one in horizon["deciles"]:
            deciles.append(horizon["h"], one["decile"], one["low_score"], one["high_score"], *(one[name] for name in _DECILE_FIELDS))
        for one in horizon["verdicts"]:
            verdicts.append(horizon["h"], one["verdict"], *(one[name] for name in _VERDICT_FIELDS))
    deciles.add_filter()
    verdicts.add_filter()
    colour_verdicts(book, verdicts)


def _summary(evidence: Mapping[str, Any]) -> Iterator[tuple[str, CellValue]]:
    interval = evidence["interval"]
    yield "Strategy", strategy_name(evidence["strategy"], evidence.get("strategy_version"))
    yield "Universe", evidence["universe"] or "named tickers"
    for label, name in (("First day", "first"), ("Last day", "last")):
        yield label, None if evidence[name] is None else date.fromisoformat(evidence[name])
    yield "Tickers", evidence["tickers"]
    yield "Too short", evidence["too_short"]
    yield "Ended", evidence["ended"]
    yield "Beside buying and holding", evidence["beat"]["sentence"]
    yield "Survivorship", evidence["survivorship"]
    yield "Cost of a round trip", f"{evidence['cost_bp']:g} basis points"
    yield "Basis", evidence["basis"]
    for name, meaning in evidence["definitions"].items():
        yield name.replace("_", " ").capitalize(), meaning
    yield "Intervals", f"{100 * interval['level']:g}%: {interval['method']}; {interval['repetitions']:,} repetitions"
    yield "Seed", str(interval["seed"])
    yield "Engine version", evidence["engine_version"]
    yield "Evidence id", evidence["id"]
