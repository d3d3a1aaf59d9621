"""The Excel report of the evidence of a ticker: the record of each verdict, its halves, the fan of returns, and what each number means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from features.reports.job_report import colour_verdicts
from features.reports.parameters import strategy_name
from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from utils.cancellation import Check, always_wanted

_SHARE = 11.0
RECORD = (
    Column("Horizon, days", 14, Style.WHOLE),
    Column("Verdict", 13),
    Column("Days", 9, Style.WHOLE),
    Column("Episodes", 10, Style.WHOLE),
    *(Column(title, _SHARE, Style.SHARE) for title in ("Hit", "Hit, low", "Hit, high", "Any day", "Lift", "Lift, low", "Lift, high")),
    *(Column(title, _SHARE, Style.SHARE) for title in ("Mean", "Median", "Excess", "Excess, low", "Excess, high", "Worst", "Best")),
    *(Column(title, 12, style) for title, style in (("Live days", Style.WHOLE), ("Live hit", Style.SHARE), ("Live mean", Style.SHARE))),
    Column("In words", 100, Style.LONG_TEXT),
)
HALVES = (
    Column("Horizon, days", 14, Style.WHOLE),
    Column("Verdict", 13),
    Column("Half", 9),
    Column("First day", 12, Style.DATE),
    Column("Last day", 12, Style.DATE),
    Column("Days", 9, Style.WHOLE),
    Column("Episodes", 10, Style.WHOLE),
    *(Column(title, _SHARE, Style.SHARE) for title in ("Hit", "Any day", "Lift", "Mean", "Excess")),
)
DEFINITIONS = (Column("Number", 22, Style.LABEL), Column("Meaning", 110, Style.LONG_TEXT, align="left"))
_RECORD_FIELDS = ("mean", "median", "excess", "excess_low", "excess_high", "worst", "best")
_NAMES_OF_HALVES = ("older", "newer")


def evidence_report(evidence: Mapping[str, Any], check: Check = always_wanted) -> WorkbookFile:
    """The workbook of parsed evidence. Raises what `check` raises."""
    name = f"bellwether-evidence-{evidence['ticker']}-{evidence['strategy']}-{evidence['last']}"
    return write_workbook(name, lambda book: _fill(book, evidence), check)


def _fill(book: Book, evidence: Mapping[str, Any]) -> None:
    record = book.add_sheet("Record", RECORD)
    for horizon in evidence["horizons"]:
        for verdict in horizon["verdicts"]:
            record.append(*_record(horizon, verdict))
    record.add_filter()
    colour_verdicts(book, record)
    halves = book.add_sheet("Halves", HALVES)
    for horizon in evidence["horizons"]:
        for verdict in horizon["verdicts"]:
            for name, half in zip(_NAMES_OF_HALVES, verdict["halves"], strict=False):
                halves.append(horizon["h"], verdict["verdict"], name, *_half(half))
    halves.add_filter()
    colour_verdicts(book, halves)
    _add_fan(book, evidence["fan"])
    definitions = book.add_sheet("Definitions", DEFINITIONS)
    for label, value, style in _definitions(evidence):
        definitions.append(label, value, styles=(None, style))


def _record(horizon: Mapping[str, Any], verdict: Mapping[str, Any]) -> Iterator[CellValue]:
    yield from (horizon["h"], verdict["verdict"], verdict["n"], verdict["episodes"])
    hit, lift, live = verdict["hit"], verdict["lift"], verdict["live"] or {}
    yield from (hit, verdict["hit_low"], verdict["hit_high"], None if hit is None else hit - lift, lift)
    yield from (verdict["lift_low"], verdict["lift_high"], *(verdict[name] for name in _RECORD_FIELDS))
    yield from (live.get("n"), live.get("hit"), live.get("mean"), verdict["sentence"])


def _half(half: Mapping[str, Any]) -> Iterator[CellValue]:
    yield from (date.fromisoformat(half["first"]), date.fromisoformat(half["last"]), half["n"], half["episodes"])
    yield from (half[name] for name in ("hit", "base", "lift", "mean", "excess"))


def _add_fan(book: Book, fan: Mapping[str, Any]) -> None:
    """A row for each verdict and day after the entry, with the quantiles of the returns before cost."""
    quantiles = (Column(f"{100 * quantile:g}% are below", 14, Style.SHARE) for quantile in fan["quantiles"])
    sheet = book.add_sheet(
        "Fan", (Column("Verdict", 13), Column("Days after", 12, Style.WHOLE), Column("Cases", 9, Style.WHOLE), *quantiles)
    )
    for line in fan["lines"]:
        for at, days in enumerate(fan["days"]):
            sheet.append(line["verdict"] or "Any day", days, line["n"], *(of_quantile[at] for of_quantile in line["quantiles"]))
    sheet.add_filter()
    colour_verdicts(book, sheet)


def _definitions(evidence: Mapping[str, Any]) -> Iterator[tuple[str, CellValue, Style | None]]:
    interval = evidence["interval"]
    yield "Ticker", evidence["ticker"], None
    yield "Strategy", strategy_name(evidence["strategy"], evidence.get("strategy_version")), None
    yield "First day", date.fromisoformat(evidence["first"]), None
    yield "Last day", date.fromisoformat(evidence["last"]), None
    yield "Bars", evidence["days"], Style.WHOLE
    if evidence["start"] is not None:
        yield "Verdicts count from", date.fromisoformat(evidence["start"]), None
    yield "Cost of a round trip", f"{evidence['cost_bp']:g} basis points", None
    if evidence["note"] is not None:
        yield "Note", evidence["note"], None
    yield "Basis", evidence["basis"], None
    for name, meaning in evidence["definitions"].items():
        yield name.replace("_", " ").capitalize(), meaning, None
    yield "Intervals", f"{100 * interval['level']:g}%: {interval['method']}; {interval['repetitions']:,} repetitions", None
    yield "Seed", interval["seed"], Style.WHOLE
    yield "Fingerprint", evidence["fingerprint"], None
