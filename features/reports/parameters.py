"""Parameters, states and codes in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from features.reports.workbook import CellValue
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, Signal
from models.day_text import day_text
from models.indicator import INDICATORS
from models.pinned_strategy import pinned_strategy
from models.problem import title_of
from models.strategy import STRATEGIES, Strategy
from models.universe import list_id_of, portfolio_id_of

UNIVERSES = {"all": "all tickers", "watchlist": "the watchlist"}
_SENTENCE_END = re.compile(r"(?<=[.;]) ")
_CALL = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) /")
SIGNALS = {Signal.BUY: "Buy", Signal.SELL: "Sell", Signal.HOLD: "Hold"}
VOTES = {1: "Buy", 0: "Neutral", -1: "Sell"}
ADJUSTMENTS = {
    "adj_close": "by the source's adjusted closes",
    "actions": "by the recorded splits and dividends",
    "adj_close+actions": "by the source's adjusted closes, and by the recorded splits and dividends",
    "none": "none",
}


def strategy_name(strategy: Any, version: int | None = None) -> str:
    """A built-in strategy's name; else the id, with the version where that is known."""
    known = STRATEGIES.get(str(strategy))
    return known.name if known else str(strategy) if version is None else f"{strategy}, version {version}"


def strategy_of(params: Mapping[str, Any]) -> Strategy | None:
    """The strategy of a job's parameters, as it was then; None for none that this version can read."""
    try:
        return pinned_strategy(params)
    except (KeyError, TypeError, ValueError):
        return None


def problem_in_words(code: str | None) -> str | None:
    """The title of a problem's code; the code's own words where it has none."""
    if code is None:
        return None
    try:
        return title_of(code)
    except KeyError:
        return code.replace("_", " ").capitalize()


def reason_in_words(message: str | None) -> str | None:
    """An error's message without its sentences for developers, which name calls of the API."""
    if message is None:
        return None
    kept = (sentence for sentence in _SENTENCE_END.split(message) if not _CALL.search(sentence))
    return " ".join(kept) or message


def number_in_words(value: Any) -> str:
    """A number as people write it, 100,000 or 2.5; anything else as it is."""
    return f"{value:,.10g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def describe_parameters(params: Mapping[str, Any]) -> Iterator[tuple[str, CellValue]]:
    """Each parameter of a job as a label and a value that need no explanation; what was not given has its default."""
    strategy = strategy_of(params)
    if "universe" in params:
        universe = params["universe"]
        of = "a watch list" if list_id_of(str(universe)) is not None else f"the universe {universe}"
        of = "the holdings of a portfolio" if portfolio_id_of(str(universe)) is not None else of
        yield "Tickers", "named ones" if universe is None else UNIVERSES.get(str(universe), of)
    if "strategy" in params:
        yield "Strategy", strategy.name if strategy else str(params["strategy"])
    yield "Capital", _given(params, "capital", DEFAULT_CAPITAL)
    yield "Risk a trade, % of capital", _given(params, "risk_percent", DEFAULT_RISK_PERCENT)
    yield "Position at most, % of capital", _given(params, "max_position_percent", strategy.max_position_percent if strategy else None)
    yield "Target distance ÷ stop distance", _given(params, "reward_risk", strategy.reward_risk if strategy else None)
    yield "Indicators", _indicators(params.get("indicators"))
    yield "Weights", _weights(params.get("weights"))
    yield "As of", _day(params.get("as_of"))


def parameters_in_words(params: Mapping[str, Any]) -> str:
    """The same as one sentence: "Strategy Balanced; capital 100,000; risk 2% a trade; …"."""
    values = dict(describe_parameters(params))
    parts = [f"strategy {values['Strategy']}"] if "Strategy" in values else []
    parts.append(f"capital {number_in_words(values['Capital'])}")
    parts.append(f"risk {number_in_words(values['Risk a trade, % of capital'])}% a trade")
    if values["Position at most, % of capital"] is not None:
        parts.append(f"a position of at most {number_in_words(values['Position at most, % of capital'])}% of the capital")
    if values["Target distance ÷ stop distance"] is not None:
        parts.append(f"targets {number_in_words(values['Target distance ÷ stop distance'])} times as far as stops")
    parts.append(f"indicators: {values['Indicators']}")
    parts.append(f"weights: {values['Weights']}")
    as_of = values["As of"]
    parts.append(f"as of {day_text(as_of) if isinstance(as_of, date) else as_of}")
    return f"{parts[0][:1].upper()}{'; '.join(parts)[1:]}."


def _given(params: Mapping[str, Any], name: str, default: float | None) -> CellValue:
    value = params.get(name)
    if value is None:
        return default
    return value if isinstance(value, str | int | float) else str(value)


def _indicators(keys: Any) -> str:
    if not isinstance(keys, list) or len(keys) == len(INDICATORS):
        return "all twelve"
    return ", ".join(INDICATORS[key].name if key in INDICATORS else str(key) for key in keys)


def _weights(weights: Any) -> str:
    if not isinstance(weights, dict) or not weights:
        return "the strategy's"
    named = ((INDICATORS[key].name if key in INDICATORS else f"all {key} indicators", value) for key, value in weights.items())
    return f"the strategy's, but {', '.join(f'{name} {number_in_words(value)}' for name, value in named)}"


def _day(text: Any) -> CellValue:
    if not isinstance(text, str):
        return "the newest day"
    # The parameters of a job that could not read them are shown as they are.
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
