"""The phase of the cycle: each measure against its definition, computed here in another way; what is missing is named and never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.macro import months_to, series_file
from kit.support import Client

from features.macro.cycle import cycle_of
from features.macro.known import Known
from models.macro import Direction, PhaseName
from utils.clock import today

LAST = date(2024, 7, 1)
TODAY = date(2024, 8, 20)
UP, DOWN, LEVEL = 101.0, 99.0, 100.0  # of the newest six months, against a year before


def monthly(name: str, values: Sequence[float | None], last: date = LAST) -> Known:
    known = [(day, value) for day, value in zip(months_to(last, len(values)), values, strict=True) if value is not None]
    return Known(name, "upload", [day for day, _ in known], [value for _, value in known])


def half_years(name: str, newest: float) -> Known:
    """Level for a year and a half, then half a year of another level: its change on the year is what has come."""
    return monthly(name, [LEVEL] * 18 + [newest] * 6)


def both(growth: float, inflation: float) -> dict[str, Known]:
    return {"INDPRO": half_years("INDPRO", growth), "CPIAUCSL": half_years("CPIAUCSL", inflation)}


@pytest.mark.parametrize(
    ("growth", "inflation", "phase"),
    [
        (UP, DOWN, PhaseName.RECOVERY),
        (UP, UP, PhaseName.OVERHEAT),
        (DOWN, UP, PhaseName.STAGFLATION),
        (DOWN, DOWN, PhaseName.REFLATION),
        (LEVEL, UP, PhaseName.UNCLEAR),
        (UP, 100.1, PhaseName.UNCLEAR),
        (100.4, UP, PhaseName.UNCLEAR),
    ],
)
def test_the_four_quadrants(growth: float, inflation: float, phase: PhaseName) -> None:
    found = cycle_of(both(growth, inflation), TODAY)
    assert found.phase is phase
    assert "no forecast" in found.rule
    assert "Greetham and Hartnett (2004)" in found.published
    assert [measure.key for measure in found.measures] == ["growth", "inflation"]
    assert all(measure.rule and measure.reason in found.reason and not measure.missing for measure in found.measures)


@pytest.mark.parametrize(("newest", "direction"), [(100.5, Direction.RISING), (99.5, Direction.FALLING), (100.49, Direction.FLAT)])
def test_the_threshold_itself_counts(newest: float, direction: Direction) -> None:
    assert cycle_of(both(newest, UP), TODAY).measures[0].direction is direction


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.floats(50, 200), min_size=21, max_size=30))
def test_any_production_against_the_definition(levels: list[float]) -> None:
    changes = [100 * (now / before - 1) for before, now in zip(levels, levels[12:], strict=False)]
    value, before = fmean(changes[-3:]), fmean(changes[-9:-6])
    found = cycle_of({"INDPRO": monthly("INDPRO", levels)}, TODAY).measures[0]
    assert (found.value, found.before) == (pytest.approx(value, abs=1e-6), pytest.approx(before, abs=1e-6))
    if abs(abs(value - before) - 0.5) > 1e-5:
        expected = Direction.FLAT if abs(value - before) < 0.5 else Direction.RISING if value > before else Direction.FALLING
        assert found.direction is expected
    assert [(each.series, each.day) for each in found.inputs] == [("INDPRO", LAST), ("INDPRO", date(2024, 1, 1))]


@pytest.mark.parametrize(("newest", "direction"), [(3.8, Direction.RISING), (4.2, Direction.FALLING), (4.1, Direction.FLAT)])
def test_without_production_unemployment_tells_of_growth(newest: float, direction: Direction) -> None:
    known = {"UNRATE": monthly("UNRATE", [4.0] * 6 + [newest] * 3), "CPIAUCSL": half_years("CPIAUCSL", UP)}
    growth = cycle_of(known, TODAY).measures[0]
    assert (growth.direction, growth.inputs[0].series) == (direction, "UNRATE")
    assert "In place of INDPRO" in growth.rule
    assert cycle_of({**known, "INDPRO": half_years("INDPRO", UP)}, TODAY).measures[0].inputs[0].series == "INDPRO"


def test_what_is_missing_is_named() -> None:
    nothing = cycle_of({}, TODAY)
    assert (nothing.phase, nothing.reason) == (
        PhaseName.UNKNOWN, "Growth cannot be told: INDPRO is not stored. Inflation cannot be told: CPIAUCSL is not stored.",
    )  # fmt: skip
    assert cycle_of({"INDPRO": half_years("INDPRO", UP)}, TODAY).phase is PhaseName.UNKNOWN
    levels: list[float | None] = [*[LEVEL] * 18, *[UP] * 6]
    levels[-2] = None
    one_less = cycle_of({"INDPRO": monthly("INDPRO", levels), "CPIAUCSL": half_years("CPIAUCSL", UP)}, TODAY)
    assert (one_less.phase, one_less.measures[0].missing) == (PhaseName.OVERHEAT, ("INDPRO of 2024-06 or of the year before",))
    levels[-3] = None
    two_less = cycle_of({"INDPRO": monthly("INDPRO", levels), "CPIAUCSL": half_years("CPIAUCSL", UP)}, TODAY)
    assert (two_less.phase, two_less.measures[0].direction) == (PhaseName.UNKNOWN, Direction.MISSING)
    assert cycle_of({"INDPRO": monthly("INDPRO", [LEVEL] * 19)}, TODAY).measures[0].direction is Direction.MISSING


@pytest.mark.parametrize(("days", "is_old"), [(80, False), (81, True)])
def test_old_months_say_nothing_of_today(days: int, is_old: bool) -> None:
    found = cycle_of(both(UP, UP), LAST + timedelta(days=days))
    assert (found.phase is PhaseName.UNKNOWN) == is_old
    assert ("the newest month of INDPRO is 2024-07" in found.reason) == is_old


def test_it_stands_beside_the_regime(client: Client) -> None:
    assert client.get("/macro/regime").json["cycle"]["phase"] == "unknown"
    months = months_to(today() - timedelta(days=today().day), 24)
    for name, newest in (("INDPRO", UP), ("CPIAUCSL", DOWN)):
        assert client.put(f"/macro/{name}", series_file(months, [LEVEL] * 18 + [newest] * 6)).status_code == 200
    told: dict[str, Any] = client.get("/macro/regime").json
    assert (told["cycle"]["phase"], told["regime"], told["votes_known"]) == ("recovery", "unknown", 0)
    assert [measure["value"] for measure in told["cycle"]["measures"]] == pytest.approx([1.0, -1.0])
