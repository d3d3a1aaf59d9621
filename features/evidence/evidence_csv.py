"""Evidence as CSV: one row for each horizon and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from utils.csv_text import csv_lines

_COLUMNS = (
    *("verdict", "n", "episodes", "hit", "hit_low", "hit_high"),
    *("lift", "lift_low", "lift_high", "mean", "median", "excess", "excess_low", "excess_high", "worst", "best", "mean_move", "too_few"),
)
_HALF = ("first", "last", "n", "episodes", "hit", "base", "lift", "mean", "excess")
_HALVES = ("older", "newer")
_LIVE = ("n", "episodes", "hit", "mean")
HEADER = (
    *("ticker", "strategy", "horizon", *_COLUMNS, "base_hit", "base_fell", "base_mean"),
    *(f"{half}_{name}" for half in _HALVES for name in _HALF),
    *(f"live_{name}" for name in _LIVE),
    "sentence",
)


def evidence_csv(evidence: Mapping[str, Any]) -> Iterator[bytes]:
    """The rows of parsed evidence, in pieces, with a header."""
    yield csv_lines([HEADER])
    for horizon in evidence["horizons"]:
        yield csv_lines([_row(evidence, horizon, verdict) for verdict in horizon["verdicts"]])


def _row(evidence: Mapping[str, Any], horizon: Mapping[str, Any], verdict: Mapping[str, Any]) -> list[object]:
    base, live = horizon["base"], verdict["live"] or {}
    halves = [*verdict["halves"], {}, {}][: len(_HALVES)]
    return [
        *(evidence["ticker"], evidence["strategy"], horizon["h"], *(verdict[name] for name in _COLUMNS)),
        *(base["hit"], base["fell"], base["mean"]),
        *(half.get(name) for half in halves for name in _HALF),
        *(live.get(name) for name in _LIVE),
        verdict["sentence"],
    ]


_UNIVERSE_COLUMNS = (
    *("low_score", "high_score", "n", "episodes", "tickers", "hit", "hit_low", "hit_high", "lift", "lift_low", "lift_high"),
    *("mean", "excess", "excess_low", "excess_high", "too_few"),
)
UNIVERSE_HEADER = ("strategy", "universe", "horizon", "of", *_UNIVERSE_COLUMNS)


def universe_csv(evidence: Mapping[str, Any]) -> Iterator[bytes]:
    """The rows of parsed evidence of a universe, in pieces, with a header: deciles, then verdicts, of each horizon."""
    yield csv_lines([UNIVERSE_HEADER])
    for horizon in evidence["horizons"]:
        rows = [(f"Decile {one['decile']}", one) for one in horizon["deciles"]]
        rows += [(one["verdict"], one) for one in horizon["verdicts"]]
        known = evidence["strategy"], evidence["universe"], horizon["h"]
        yield csv_lines([(*known, of, *(one.get(name) for name in _UNIVERSE_COLUMNS)) for of, one in rows])
