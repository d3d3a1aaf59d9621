"""What a portfolio holds, and what came of what it held, as CSV: a line for each item, under the names that JSON has for its fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from decimal import Decimal
from typing import Any

from models.holding import Holding
from models.portfolio import shortest
from utils.csv_text import csv_lines

LINES_AT_ONCE = 1_000
OF_THE_VERDICT = ("verdict", "score", "as_of", "to_stop_percent", "to_target_percent", "record")


def holdings_csv(items: Iterable[Holding]) -> Iterator[bytes]:
    """A header and a line for each holding, with the newest verdict in columns of its own and the warnings in one."""
    names = [each.name for each in fields(Holding) if each.name not in ("verdict", "warnings")]
    yield csv_lines([[*names, *(name if name == "verdict" else f"verdict_{name}" for name in OF_THE_VERDICT), "warnings"]])
    for item in items:
        verdict = [getattr(item.verdict, name, None) for name in OF_THE_VERDICT]
        yield csv_lines([[*(_cell(getattr(item, name)) for name in names), *verdict, " ".join(item.warnings)]])


def items_csv(kind: type[Any], items: Iterable[Any]) -> Iterator[bytes]:
    """A header and a line for each item of a dataclass."""
    names = [each.name for each in fields(kind)]
    yield csv_lines([names])
    lines = []
    for item in items:
        lines.append([_cell(getattr(item, name)) for name in names])
        if len(lines) == LINES_AT_ONCE:
            yield csv_lines(lines)
            lines = []
    yield csv_lines(lines)


def _cell(value: object) -> object:
    return Decimal(shortest(value)) if isinstance(value, Decimal) else value
