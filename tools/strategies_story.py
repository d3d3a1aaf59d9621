"""The calls of strategies whose requests and answers are examples of the OpenAPI document."""

from __future__ import annotations

from tools.api_recorder import Recorder


def tell_of_strategies(call: Recorder) -> None:
    """Call every operation of strategies."""
    order = {"id": "steady", "name": "Steady trend", "description": "Trend, with the volume as a second opinion.", "base": "trend"}
    rules = {"indicator_weights": {"adx": 3, "rsi": 0}, "category_weights": {"volume": 1.5}, "stop_percent": 4}
    for _ in range(2):
        call("create_strategy", body={**order, **rules}, header={"Idempotency-Key": "2026-11-30-steady"})
    call("create_strategy", body={**order, **rules})
    call("create_strategy", body={"id": "none", "name": "None", "category_weights": dict.fromkeys(_CATEGORIES, 0)})
    call("list_strategies")
    call("get_strategy", strategy_id="steady")
    call("get_strategy", strategy_id="unsteady")
    call("analyze", body={"ticker": "AAPL", "strategy": "steady"})
    call("analyze", body={"ticker": "AAPL", "strategy": "unsteady"})
    changed = {"name": order["name"], "description": order["description"], "base": "trend", **rules, "stop_percent": 5}
    call("replace_strategy", strategy_id="steady", body=changed)
    call("replace_strategy", strategy_id="balanced", body=changed)
    call("replace_strategy", strategy_id="unsteady", body=changed)
    call("delete_strategy", strategy_id="steady")
    call("delete_strategy", strategy_id="unsteady")
    call("delete_strategy", strategy_id="balanced")
    call("list_strategies", query={"archived": "true"})


_CATEGORIES = ("trend", "momentum", "volatility", "volume")
