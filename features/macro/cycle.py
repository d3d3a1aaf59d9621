"""The phase of the cycle, by a rule that anybody can compute again: where growth and inflation have gone in half a year.

- `growth`: how industrial production has changed on the year before, the mean of three months; without it by the unemployment rate, whose
  fall is growth.
- `inflation`: the same of consumer prices.

Each rises or falls where it differs from half a year before by its threshold at least, and is flat otherwise. Growth up and inflation down
is `recovery`, both up `overheat`, growth down and inflation up `stagflation`, both down `reflation`, after the quadrants of Greetham and
Hartnett (2004). Where one is flat the phase is `unclear`; where its inputs are missing or old it is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import fsum

from features.macro.known import OLDEST_MONTHLY, Known, first_day, named
from models.macro import Cycle, CycleMeasure, Direction, MacroInput, PhaseName

PRODUCTION, UNEMPLOYMENT, PRICES = "INDPRO", "UNRATE", "CPIAUCSL"
INPUTS = (PRODUCTION, PRICES)  # beside those of the votes
MONTHS, LEAST_MONTHS = 3, 2  # whose mean counts, and how many of them have to be there
YEAR, HALF_YEAR = 12, 6
PUBLISHED = "After the quadrants of Greetham and Hartnett (2004), The Investment Clock, Merrill Lynch. Measures and thresholds are our own."
RULE = (
    "Growth and inflation are each compared with half a year before. Growth up and inflation down is recovery, both up overheat, growth "
    "down and inflation up stagflation, both down reflation; unclear where one is flat, unknown where its inputs are missing. It is a rule "
    "that names what has been, and no forecast."
)
PHASES = {
    (Direction.RISING, Direction.FALLING): PhaseName.RECOVERY,
    (Direction.RISING, Direction.RISING): PhaseName.OVERHEAT,
    (Direction.FALLING, Direction.RISING): PhaseName.STAGFLATION,
    (Direction.FALLING, Direction.FALLING): PhaseName.REFLATION,
}
Monthly = Callable[[Mapping[int, float], int], float | None]  # a number of a month, of the values by month


@dataclass(frozen=True)
class _Measure:
    """How growth or inflation is measured. `sign` is -1 where a lower number is more of it."""

    key: str
    name: str
    series: str
    threshold: float
    unit: str
    of_month: Monthly
    sign: int
    rule: str


def _on_the_year(values: Mapping[int, float], month: int) -> float | None:
    now, before = values.get(month), values.get(month - YEAR)
    return None if now is None or before is None or before <= 0 else 100 * (now / before - 1)


def _as_it_is(values: Mapping[int, float], month: int) -> float | None:
    return values.get(month)


_COMPARED = f"the mean of {MONTHS} months against the one {HALF_YEAR} months before"
BY_PRODUCTION = _Measure(
    "growth", "Growth", PRODUCTION, 0.5, "%", _on_the_year, 1,
    f"Industrial production (INDPRO) on the year before, {_COMPARED}; 0.5 points more or less count.",
)  # fmt: skip
BY_UNEMPLOYMENT = _Measure(
    "growth", "Growth (by unemployment)", UNEMPLOYMENT, 0.2, "%", _as_it_is, -1,
    f"The unemployment rate (UNRATE), {_COMPARED}; 0.2 points less are growth, 0.2 more are none. In place of INDPRO, which is missing.",
)  # fmt: skip
BY_PRICES = _Measure(
    "inflation", "Inflation", PRICES, 0.2, "%", _on_the_year, 1,
    f"Consumer prices (CPIAUCSL) on the year before, {_COMPARED}; 0.2 points more or less count.",
)  # fmt: skip


def cycle_of(known: Mapping[str, Known], today: date) -> Cycle:
    """The phase on a day, of the series that are known by name."""
    growth = _measured(BY_PRODUCTION, known.get(PRODUCTION), today)
    if growth.direction is Direction.MISSING and UNEMPLOYMENT in known:
        other = _measured(BY_UNEMPLOYMENT, known[UNEMPLOYMENT], today)
        growth = growth if other.direction is Direction.MISSING else other
    inflation = _measured(BY_PRICES, known.get(PRICES), today)
    both = (growth.direction, inflation.direction)
    phase = PhaseName.UNKNOWN if Direction.MISSING in both else PHASES.get(both, PhaseName.UNCLEAR)
    return Cycle(phase, f"{growth.reason} {inflation.reason}", RULE, PUBLISHED, (growth, inflation))


def _measured(measure: _Measure, series: Known | None, today: date) -> CycleMeasure:
    if series is None:
        return _lacking(measure, f"{measure.series} is not stored")
    if (today - series.days[-1]).days > OLDEST_MONTHLY:
        return _lacking(measure, f"the newest month of {measure.series} is {series.days[-1]:%Y-%m}, which ended too long ago")
    values = series.months()
    last = max(values)
    (value, lacks), (before, lacks_before) = (_mean(measure, values, month) for month in (last, last - HALF_YEAR))
    missing = (*lacks_before, *lacks)
    if value is None or before is None:
        return _lacking(measure, *missing)
    change = round(measure.sign * (value - before), 6)
    direction = Direction.FLAT if abs(change) < measure.threshold else Direction.RISING if change > 0 else Direction.FALLING
    inputs = tuple(
        MacroInput(f"mean of {MONTHS} months", series.series, series.source, first_day(month), number)
        for month, number in ((last, value), (last - HALF_YEAR, before))
    )
    told = f"{measure.name} is {direction}: {value:.1f} {measure.unit} to {named(last)}, {before:.1f} {measure.unit} half a year before."
    return CycleMeasure(
        measure.key, measure.name, direction, value, before, measure.threshold, first_day(last), told, measure.rule, inputs, missing
    )


def _mean(measure: _Measure, values: Mapping[int, float], last: int) -> tuple[float | None, tuple[str, ...]]:
    """The mean of the months up to one, rounded so that thresholds are what they seem; and the months that it lacks."""
    months = range(last - MONTHS + 1, last + 1)
    numbers = {month: measure.of_month(values, month) for month in months}
    there = [number for number in numbers.values() if number is not None]
    missing = tuple(f"{measure.series} of {named(month)} or of the year before" for month in months if numbers[month] is None)
    if len(there) < LEAST_MONTHS:
        return None, missing
    return round(fsum(there) / len(there), 6), missing


def _lacking(measure: _Measure, *missing: str) -> CycleMeasure:
    reason = f"{measure.name} cannot be told: {'; '.join(missing)}."
    return CycleMeasure(
        measure.key, measure.name, Direction.MISSING, None, None, measure.threshold, None, reason, measure.rule, (), missing
    )
