"""The record of a verdict in one sentence, from its three numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def record_words(record: Mapping[str, Any] | None) -> str:
    """The record of a verdict on its ticker: `hit`, `lift` and `n`, as events tell them; None where there is none."""
    if not record or record.get("n") is None:
        return "It has no record on this ticker."
    number, lift = record["n"], record.get("lift")
    cases = f"{number:,} {'day' if number == 1 else 'days'}"
    more = f", {abs(100 * lift):.1f} points {'more' if lift >= 0 else 'less'} often than any day" if lift is not None else ""
    return f"Its record here: right after 20 days on {100 * record['hit']:.0f} % of {cases}{more}."
