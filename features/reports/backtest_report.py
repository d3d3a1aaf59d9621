"""The Excel report of a backtest: its numbers beside those of buy-and-hold, its trades, its equity, and what it assumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from features.reports.parameters import strategy_name
from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from utils.cancellation import Check, always_wanted

SUMMARY = (
    Column("Number", 26, Style.LABEL),
    Column("Strategy", 22, align="left"),
    Column("Buy and hold", 16, align="left"),
    Column("Meaning", 110, Style.LONG_TEXT, align="left"),
)
TRADES = (
    Column("Side", 8),
    Column("Entry", 12, Style.DATE),
    Column("Entry price", 12, Style.DECIMAL),
    Column("Exit", 12, Style.DATE),
    Column("Exit price", 12, Style.DECIMAL),
    Column("Shares", 14, Style.DECIMAL),
    Column("Reason", 11),
    Column("Return", 11, Style.SHARE_CHANGE),
    Column("Profit", 16, Style.MONEY),
    Column("Trading days", 13, Style.WHOLE),
    Column("Open", 8),
)
EQUITY = (
    Column("Day", 12, Style.DATE),
    Column("Equity", 16, Style.MONEY),
    Column("Buy and hold", 16, Style.MONEY),
    Column("Below its highest", 16, Style.SHARE_CHANGE),
    Column("Buy and hold below its highest", 28, Style.SHARE_CHANGE),
)
ASSUMPTIONS = (Column("What it assumes", 140, Style.LONG_TEXT, align="left"),)
_REASONS = {"signal": "Verdict", "stop": "Stop", "target": "Target", "ruin": "Ruin", "end": "Still open"}
_COUNTED = {"longest_drawdown", "trades"}
_RATIOS = {"sharpe", "sortino", "calmar", "profit_factor", "average_bars", "turnover"}


def backtest_report(backtest: Mapping[str, Any], check: Check = always_wanted) -> WorkbookFile:
    """The workbook of a parsed backtest. Raises what `check` raises."""
    name = f"bellwether-backtest-{backtest['ticker']}-{backtest['strategy']}-{backtest['last']}"
    return write_workbook(name, lambda book: _fill(book, backtest), check)


def _fill(book: Book, backtest: Mapping[str, Any]) -> None:
    summary = book.add_sheet("Summary", SUMMARY)
    for label, value, style in _facts(backtest):
        summary.append(label, value, styles=(None, style))
    held = backtest["benchmark"]["metrics"]
    for name, metric in _numbers(backtest):
        style = _style(name)
        beside = held[name]["value"] if name in held else None
        summary.append(_title(name), metric["value"], beside, metric["definition"], styles=(None, style, style, None))
    trades = book.add_sheet("Trades", TRADES)
    for trade in backtest["trades"]:
        trades.append(*_trade(trade))
    trades.add_filter()
    equity = book.add_sheet("Equity", EQUITY)
    curve = backtest["equity"]
    lines = (curve[name] for name in ("dates", "values", "benchmark", "drawdown", "benchmark_drawdown"))
    for day, *values in zip(*lines, strict=True):
        equity.append(date.fromisoformat(day), *values)
    assumptions = book.add_sheet("Assumptions", ASSUMPTIONS)
    for sentence in backtest["assumptions"]:
        assumptions.append(sentence)


def _facts(backtest: Mapping[str, Any]) -> Iterator[tuple[str, CellValue, Style | None]]:
    rules = backtest["rules"]
    yield "Ticker", backtest["ticker"], None
    yield "Strategy", strategy_name(backtest["strategy"], backtest["parameters"].get("strategy_version")), None
    yield "First day", date.fromisoformat(backtest["first"]), Style.DATE
    yield "Last day", date.fromisoformat(backtest["last"]), Style.DATE
    yield "Capital", rules["capital"], Style.MONEY
    yield "Cost of a round trip", f"{rules['cost_bp']:g} basis points", None
    yield "Slippage of a fill", f"{rules['slippage_bp']:g} basis points", None
    yield "Trades of", "Rising prices only" if rules["side"] == "long" else "Rising and falling prices", None
    yield "Stops and targets", "Yes" if rules["stops"] else "No", None
    yield "Basis", backtest["basis"], None
    yield "Parameter sets tried", backtest["trials"], Style.WHOLE
    yield "Backtest id", backtest["id"], None
    yield "Fingerprint", backtest["fingerprint"], None


def _numbers(backtest: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from backtest["metrics"].items()
    for name in ("exposure", "turnover", "deflated_sharpe"):
        yield name, backtest[name]


def _title(name: str) -> str:
    return {"cagr": "Yearly growth"}.get(name, name.replace("_", " ").capitalize())


def _style(name: str) -> Style:
    if name in _COUNTED:
        return Style.WHOLE
    return Style.RATIO if name in _RATIOS else Style.SHARE_CHANGE if name != "deflated_sharpe" else Style.SHARE


def _trade(trade: Mapping[str, Any]) -> Iterator[CellValue]:
    yield trade["side"].capitalize()
    yield from (date.fromisoformat(trade["entry_day"]), trade["entry_price"])
    yield from (date.fromisoformat(trade["exit_day"]), trade["exit_price"], trade["size"])
    yield _REASONS.get(trade["reason"], trade["reason"])
    yield from (trade["return"], trade["profit"], trade["bars"], "Open" if trade["open"] else None)
