"""Rows of the earlier tool's results."""

from __future__ import annotations

from features.legacy.rows import (
    Import,
    Notes,
    Refused,
    Row,
    Taken,
    details_of,
    id_of,
    moment_for_id,
    quoted,
    read_json_cell,
    read_moment,
    read_number,
    read_text,
    read_ticker,
    read_word,
)
from models.imported_result import NewImportedResult

VERDICTS = {
    "strong buy": "Strong Buy", "buy": "Buy", "hold": "Hold", "neutral": "Hold", "sell": "Sell", "strong sell": "Strong Sell",
}  # fmt: skip
# By its number in the earlier tool, whose strategies ours descend from, or by its name.
STRATEGIES = {
    "1": "balanced", "2": "trend", "3": "reversion", "4": "breakout", "5": "weekly",
    "balanced": "balanced", "balanced analysis": "balanced", "trend": "trend", "trend following": "trend", "reversion": "reversion",
    "mean reversion": "reversion", "breakout": "breakout", "momentum breakout": "breakout", "weekly": "weekly",
    "weekly 4% target": "weekly", "weekly target": "weekly",
}  # fmt: skip
FAILED = {"failed", "error", "failure"}
UNFINISHED = {"pending", "queued", "processing", "analyzing", "running", "cancelled"}
WHEN = ("created_at", "analyzed_at", "analysed_at", "timestamp", "updated_at")
VERDICT = ("verdict", "signal", "recommendation")
STRATEGY = ("strategy_id", "strategy", "strategy_name")
TICKER, SCORE = ("ticker", "yahoo_symbol", "symbol"), ("score",)
ENTRY, STOP, TARGET = ("entry", "entry_price"), ("stop_loss", "stop"), ("target", "target_price")
JSON_COLUMNS = ("raw_data", "analysis_data", "indicators", "signals", "analysis_config")
LONGEST_REF = 200


def read_result(row: Row, context: Import) -> Taken[NewImportedResult]:
    """A verdict that the earlier tool gave. Raises Refused."""
    notes = Notes()
    ticker = read_ticker(row, *TICKER)
    _refuse_what_is_none(row)
    verdict = VERDICTS.get(read_word(row, *VERDICT))
    if verdict is None:
        raise Refused(f"{quoted(row.first(*VERDICT))} is no verdict that has a counterpart" if row.first(*VERDICT) else "it has no verdict")
    analysed_at = read_moment(row, WHEN, context)
    if analysed_at is None:
        raise Refused("it does not tell when it was made")
    details = {name: read_json_cell(row, name, notes) for name in JSON_COLUMNS}
    # What later versions add or change (rowid, columns, `updated_at`) is not part of it, so that a later copy of the file has the same ids.
    told = [row.first(*names) for names in (TICKER, STRATEGY, VERDICT, SCORE, ENTRY, STOP, TARGET, WHEN)]
    new = NewImportedResult(
        id=id_of(context, moment_for_id(row, WHEN, context), "analysis_results", *told),
        ticker=ticker,
        name=read_text(row, ("name", "company_name"), 100, notes),
        strategy=_strategy(row, notes),
        verdict=verdict,
        score=_score(row, notes),
        entry=_price(row, ENTRY, notes),
        stop_loss=_price(row, STOP, notes),
        target=_price(row, TARGET, notes),
        details=details_of(details, notes),
        job_ref=read_text(row, ("job_id",), LONGEST_REF, notes),
        is_whole=not notes.lost,
        analysed_at=analysed_at,
    )
    return Taken(new, notes)


def _refuse_what_is_none(row: Row) -> None:
    status = read_word(row, "status")
    if status in FAILED:
        reason = row.first("error_message", "error")
        raise Refused("the earlier analysis failed" + ("" if reason is None else f": {quoted(reason)}"))
    if status in UNFINISHED:
        raise Refused(f"the earlier analysis was not finished: it is {status!r}")
    if read_word(row, "is_demo_data") in ("1", "1.0", "true"):
        raise Refused("it is of demo data, not of the ticker's prices")


def _strategy(row: Row, notes: Notes) -> str | None:
    word = read_word(row, *STRATEGY)
    strategy = STRATEGIES.get(word.removeprefix("strategy ").removesuffix(".0"))
    if word and strategy is None:
        notes.lost.append(f"strategy {quoted(row.first(*STRATEGY))} has no counterpart")
    return strategy


def _score(row: Row, notes: Notes) -> float | None:
    score = read_number(row, SCORE, notes)
    if score is not None and not -1 <= score <= 1:
        notes.lost.append(f"score {score:g} is not between -1 and 1")
        return None
    return score


def _price(row: Row, names: tuple[str, ...], notes: Notes) -> float | None:
    """A price; the earlier tool wrote 0 where it had none."""
    price = read_number(row, names, notes)
    if price is not None and price < 0:
        notes.lost.append(f"{names[0]} {price:g} is negative")
    return price if price is not None and price > 0 else None
