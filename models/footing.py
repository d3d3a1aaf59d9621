"""On what footing the numbers of a price series stand, and the steps that bring them to that of the newest bar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Basis(StrEnum):
    """Whether a column is as it was traded, or restated for the splits since; `unknown` is taken as it is."""

    AS_TRADED = "as_traded"
    SPLIT_ADJUSTED = "split_adjusted"
    UNKNOWN = "unknown"


class Bases(NamedTuple):
    """The bases of a series, one for its prices and one for its volume: sources restate them independently."""

    price: Basis = Basis.UNKNOWN
    volume: Basis = Basis.UNKNOWN


UNKNOWN = Bases()


class Step(NamedTuple):
    """What prices and volumes of the bars before a day, numbered from 1970-01-01, are multiplied by for an analysis."""

    day: int
    price: float
    volume: float


Steps = tuple[Step, ...]  # ascending by day, one per day


def text_of_steps(steps: Sequence[Step]) -> str:
    """The steps as JSON: arrays of day, price and volume. The same steps give the same text."""
    return json.dumps(steps, separators=(",", ":"))


def steps_of_text(text: str) -> Steps:
    """The steps from their JSON."""
    return tuple(Step(*step) for step in json.loads(text))


def steps_until(steps: Steps, day: int) -> Steps:
    """The steps that a series ending on a day takes: those that come later are not known to it."""
    return tuple(step for step in steps if step.day <= day)
