"""Orders of backtests as JSON, as rows keep them."""

from __future__ import annotations

from datetime import date
from typing import Any

from analysis.engine import parameters_of
from models.analysis import Overrides
from models.backtest import BacktestOrder, BacktestParams, BacktestRules, Sides
from models.errors import JobUnreadable
from models.indicator import INDICATORS, Category
from models.pinned_strategy import pinned, pinned_strategy
from models.universe import checked_universe
from utils.json_text import dump, parse_tolerant


def write_order(order: BacktestOrder) -> str:
    """An order as JSON. The fields are those of the request."""
    return dump(_fields(order)).decode()


def write_params(params: BacktestParams) -> str:
    """The parameters of a job as JSON."""
    return dump({"universe": params.universe, **_fields(params.order)}).decode()


def read_params(text: str) -> BacktestParams:
    """Parse the JSON of `write_params`. Raises JobUnreadable for parameters that this version does not know."""
    try:
        values: dict[str, Any] = parse_tolerant(text)
        order = _order(values)
        unknown = {*(order.overrides.indicators or ()), *(order.overrides.weights or {})} - {*INDICATORS, *Category}
        if unknown:
            raise JobUnreadable(f"there is no indicator {min(unknown)!r}")
        parameters_of(order.strategy, order.overrides)
        universe = None if values.get("universe") is None else checked_universe(values["universe"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JobUnreadable(f"{type(error).__name__}: {error}") from error
    return BacktestParams(order, universe)


def read_order(text: str) -> BacktestOrder:
    """Parse the JSON of `write_order`."""
    return _order(parse_tolerant(text))


def _fields(order: BacktestOrder) -> dict[str, Any]:
    overrides = order.overrides
    return {
        **pinned(order.strategy),
        "weights": overrides.weights,
        "indicators": overrides.indicators,
        "reward_risk": overrides.reward_risk,
        **vars(order.rules),
        "start": order.start,
        "end": order.end,
    }


def _order(values: dict[str, Any]) -> BacktestOrder:
    indicators = values["indicators"]
    overrides = Overrides(values["weights"], values["reward_risk"], None if indicators is None else tuple(indicators))
    rules = BacktestRules(
        cost_bp=values["cost_bp"],
        slippage_bp=values["slippage_bp"],
        side=Sides(values["side"]),
        stops=values["stops"],
        capital=values["capital"],
    )
    return BacktestOrder(pinned_strategy(values), overrides, rules, _day(values["start"]), _day(values["end"]))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
