"""The inputs of a run: checked by their declared types, with the defaults filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from features.deliveries import service as deliveries
from features.pipelines.definition import InputSpec
from features.portfolios import service as portfolios
from features.prices import service as prices
from features.strategies import service as strategies
from infrastructure.feature import Universes
from models.errors import NotFound
from models.own_strategy import STRATEGY_ID, StrategyArchived, StrategyUnknown
from models.pipeline import Mistake
from models.pipeline_errors import InputsInvalid
from models.ticker import normalize_ticker
from models.universe import checked_universe

_STRATEGY, _STRATEGIES = re.compile(STRATEGY_ID), {"strategy", "strategies"}
DAYS_BACK = re.compile(r"-(\d{1,5})d")
LONGEST_TEXT = 10_000  # characters of an input
MOST_LISTED = 500
MOST_CHANNELS = 20


def fill(specs: Mapping[str, InputSpec], given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The inputs of a run by name; null for an optional one without a default. Raises InputsInvalid."""
    mistakes, values = [], {}
    for name in given.keys() - specs.keys():
        known = f"there are {', '.join(specs)}" if specs else "there is none"
        mistakes.append(Mistake(f"inputs.{name[:60]}", f"There is no such input; {known}."))
    for name, spec in specs.items():
        value = given.get(name)
        if value is None and spec.required:
            mistakes.append(Mistake(f"inputs.{name}", "This input is needed."))
            continue
        try:
            values[name] = read(spec, spec.default if value is None else value, today)
        except ValueError as error:
            mistakes.append(Mistake(f"inputs.{name}", str(error)))
    if mistakes:
        raise InputsInvalid(sorted(mistakes, key=lambda mistake: mistake.field))
    return values


def require_strategies(connection: Connection, org_id: int, specs: Mapping[str, InputSpec], values: Mapping[str, Any]) -> None:
    """Raise InputsInvalid for strategies of the inputs that the organization does not have, or has archived."""
    mistakes = []
    for name, spec in specs.items():
        if spec.type in _STRATEGIES and values[name] is not None:
            try:
                strategies.find_each(connection, org_id, [values[name]] if isinstance(values[name], str) else values[name])
            except (StrategyUnknown, StrategyArchived) as error:
                mistakes.append(Mistake(f"inputs.{name}", str(error)))
    if mistakes:
        raise InputsInvalid(mistakes)


@dataclass(frozen=True)
class Owner:
    """Whose inputs they are, and among which built-in universes."""

    org_id: int
    universes: Universes


def require_named(connection: Connection, owner: Owner, specs: Mapping[str, InputSpec], values: Mapping[str, Any]) -> None:
    """Raise InputsInvalid for universes, channels and portfolios of the inputs that the organization does not have."""
    mistakes = []
    for name, spec in specs.items():
        if values.get(name) is not None:
            try:
                _require(connection, owner, spec.type, values[name])
            except NotFound as error:
                mistakes.append(Mistake(f"inputs.{name}", str(error)))
    if mistakes:
        raise InputsInvalid(mistakes)


def _require(connection: Connection, owner: Owner, type_: str, value: Any) -> None:
    match type_:
        case "universe":
            prices.require_universe(connection, owner.org_id, value, owner.universes)
        case "channels":
            deliveries.resolve_channels(connection, owner.org_id, value)
        case "portfolio":
            portfolios.find(connection, owner.org_id, value)


def read(spec: InputSpec, value: Any, today: date) -> Any:
    """A value of an input as a run has it. Raises ValueError with a sentence."""
    if value is None:
        return None
    value = READERS[spec.type](value, today)
    if spec.options is not None and value not in spec.options:
        raise ValueError(f"It is one of {', '.join(spec.options)}.")
    return value


def _text(value: Any, today: date) -> str:
    if not isinstance(value, str):
        raise ValueError("A text is needed.")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"The text is too long: it may have up to {LONGEST_TEXT:,} characters.")
    return value


def _whole(value: Any, today: date) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("A whole number is needed.")
    return value


def _number(value: Any, today: date) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e300:
        raise ValueError("A number is needed.")
    return value


def _truth(value: Any, today: date) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Send true or false.")
    return value


def _date(value: Any, today: date) -> str:
    text = _text(value, today)
    if text == "today":
        return today.isoformat()
    if back := DAYS_BACK.fullmatch(text):
        return (today - timedelta(days=int(back[1]))).isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError("A date is written YYYY-MM-DD; `today` and `-7d` are understood as well.") from error


def _ticker(value: Any, today: date) -> str:
    return normalize_ticker(_text(value, today))


def _universe(value: Any, today: date) -> str:
    return checked_universe(_text(value, today))


def _strategy(value: Any, today: date) -> str:
    """Which strategies there are depends on the organization, so the step that uses it looks for it."""
    if not _STRATEGY.fullmatch(_text(value, today)):
        raise ValueError(f"There is no strategy {value[:40]!r}; see GET /api/v1/strategies.")
    return str(value)


def _list(value: Any, today: date) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("A list is needed.")
    if len(value) > MOST_LISTED:
        raise ValueError(f"At most {MOST_LISTED} may be given.")
    return value


def _list_of(read_one: Callable[[Any, date], Any]) -> Callable[[Any, date], list[Any]]:
    return lambda value, today: [read_one(item, today) for item in _list(value, today)]


def _channels(value: Any, today: date) -> list[str]:
    """Who is told: at least one."""
    told = [_text(item, today) for item in _list(value, today)]
    if not told:
        raise ValueError("Say who is told: name at least one channel by its id or name; see GET /api/v1/channels.")
    if len(told) > MOST_CHANNELS:
        raise ValueError(f"At most {MOST_CHANNELS} channels may be named.")
    return told


def _object(value: Any, today: date) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("An object is needed.")
    return value


READERS: dict[str, Callable[[Any, date], Any]] = {
    "text": _text,
    "whole_number": _whole,
    "number": _number,
    "truth": _truth,
    "date": _date,
    "ticker": _ticker,
    "tickers": _list_of(_ticker),
    "universe": _universe,
    "strategy": _strategy,
    "strategies": _list_of(_strategy),
    "channels": _channels,
    "portfolio": _text,
    "list": _list,
    "object": _object,
}
