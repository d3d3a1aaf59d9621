"""What a schedule does, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cronsim import CronSim

from features.schedules.due_times import after_close_of
from infrastructure.exchanges import exchanges
from models.schedule import Action, Schedule, When
from models.universe import portfolio_id_of

_DOES = {
    Action.REFRESH: "refresh the prices of {of}",
    Action.BULK_ANALYSIS: "analyse {of}{strategy}",
    Action.EVIDENCE: "compute the evidence over {of}{strategy}",
    Action.REPORT: "send the report of {of}{strategy}",
    Action.PIPELINE: "run the pipeline {pipeline}",
    Action.PORTFOLIO_VALUATION: "value {portfolios}",
    Action.INDEX_REBALANCING: "publish what is new of {indexes}",
}
ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)  # only the expression is read
_SHOWN = 60  # characters of a caller's text


def sentence(schedule: Schedule, names: Mapping[str, str]) -> str:
    """When a schedule is due and what it does. `names` are those of portfolios by id."""
    return f"{when_sentence(schedule.when)}: {_does(schedule.action, schedule.params, names)}."


def when_sentence(when: When) -> str:
    """When a schedule is due: `Every trading day, 30 minutes after the close of New York Stock Exchange`."""
    if when.calendar is not None:
        minutes = int(after_close_of(when).total_seconds()) // 60
        name = exchanges()[when.calendar].name
        return f"Every trading day, {f'{_span(minutes)} after' if minutes else 'at'} the close of {name}"
    assert when.cron is not None
    return f"{CronSim(when.cron, ANY_DAY).explain()} ({when.time_zone})"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    words = [f"{hours} {'hour' if hours == 1 else 'hours'}"] if hours else []
    words += [f"{rest} {'minute' if rest == 1 else 'minutes'}"] if rest else []
    return " and ".join(words)


def _does(action: Action, params: Mapping[str, Any], names: Mapping[str, str]) -> str:
    strategy = params.get("strategy")
    return _DOES[action].format(
        of=_of(params, names),
        strategy=f" with the strategy {_shown(strategy)}" if isinstance(strategy, str) else "",
        pipeline=_shown(params.get("pipeline")),
        portfolios=_some(params.get("portfolios"), "portfolio", "portfolios"),
        indexes=_some(params.get("indexes"), "index", "indexes"),
    )


def _some(ids: Any, one: str, several: str) -> str:
    if not isinstance(ids, list):
        return f"all {several}"
    return f"one {one}" if len(ids) == 1 else f"{len(ids)} {several}"


def _of(params: Mapping[str, Any], names: Mapping[str, str]) -> str:
    universe, tickers = params.get("universe"), params.get("tickers")
    if universe == "all":
        return "all tickers"
    if universe == "watchlist":
        return "the watch list"
    portfolio = portfolio_id_of(universe) if isinstance(universe, str) else None
    if portfolio is not None and portfolio in names:
        return f"what the portfolio {_shown(names[portfolio])} holds"
    if isinstance(universe, str):
        return f"the universe {_shown(universe)}"
    if isinstance(tickers, list):
        first = ", ".join(_shown(ticker) for ticker in tickers[:3])
        return f"{first} and {len(tickers) - 3} more" if len(tickers) > 3 else first
    return "its tickers"


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
