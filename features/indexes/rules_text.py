"""The rules of an index as JSON, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.analysis import Verdict
from models.index import BlendPart, FreeShares, IndexMembership, IndexRules, IndexScreen, IndexWeighting, Rebalance, WeightingMethod
from utils.json_text import dump, parse_tolerant


def text_of_rules(rules: IndexRules) -> str:
    """The rules as JSON. The same rules give the same text."""
    return dump(rules).decode()


def rules_of_text(text: str) -> IndexRules:
    """The rules from their JSON."""
    values: dict[str, Any] = parse_tolerant(text)
    start = values["start"]
    return IndexRules(
        **{
            **values,
            "members": _membership(values["members"]),
            "weighting": _weighting(values["weighting"]),
            "rebalance": Rebalance(values["rebalance"]),
            "start": None if start is None else date.fromisoformat(start),
        }
    )


def _membership(values: Mapping[str, Any]) -> IndexMembership:
    screen = values["screen"]
    passing = None if screen is None else IndexScreen(screen["strategy"], tuple(map(Verdict, screen["verdicts"])))
    return IndexMembership(tuple(values["tickers"]), values["universe"], passing)


def _weighting(values: Mapping[str, Any]) -> IndexWeighting:
    parts = tuple(BlendPart(**_read(part)) for part in values["parts"])
    return IndexWeighting(**{**_read(values), "parts": parts})


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a weighting and a part have in common, with their types."""
    shares = {ticker: FreeShares(**holding) for ticker, holding in values["shares"].items()}
    given = values.get("given_on")
    given_on = None if given is None else date.fromisoformat(given)
    return {**values, "method": WeightingMethod(values["method"]), "shares": shares, "given_on": given_on}
