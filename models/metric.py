"""A number with its definition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A number and how it is defined. It may have no value, such as a ratio to no loss at all."""

    value: float | None
    definition: str
