"""The regime: three votes, each by a published rule. Inputs that are missing or old are named, and their vote counts for nothing.

- `yield_curve`: the ten-year less the three-month yield of Treasuries; below 0 it warns (Estrella and Mishkin, 1996).
- `sahm`: the mean unemployment rate of the last three months less the least such mean of the twelve months before; 0.5 or more warns
  (Sahm, 2019).
- `index_trend`: an index at its last close against the mean of its last 200 closes; below it warns (after Faber, 2007, who takes ten
  months).

No warning is `clear`, one is `mixed`, two or three are `adverse`; with fewer than two votes the regime is `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import fsum

from features.macro.cycle import INPUTS as OF_CYCLE
from features.macro.cycle import cycle_of
from features.macro.known import OLDEST_DAILY, OLDEST_MONTHLY, Known, first_day, named
from models.macro import MacroInput, Regime, RegimeName, RegimeVote, Vote

CURVE, LONG, SHORT, UNEMPLOYMENT, INDEX = "T10Y3M", "DGS10", "DGS3MO", "UNRATE", "SP500"
INPUTS = (CURVE, LONG, SHORT, UNEMPLOYMENT, INDEX, *OF_CYCLE)
SAHM_THRESHOLD = 0.5  # percentage points
MONTHS_BEFORE = 12
LEAST_MONTHS = 9  # of these, with a mean
AVERAGE_DAYS = 200
LEAST_VOTES = 2
RULE = (
    "No warning of three published rules is clear, one is mixed, two or three are adverse; fewer than two votes are unknown. "
    "It describes what the inputs say, and predicts nothing."
)


@dataclass(frozen=True)
class _Rule:
    key: str
    name: str
    threshold: float
    rule: str
    published: str

    def vote(self, value: float, warns: bool, reason: str, inputs: tuple[MacroInput, ...], missing: tuple[str, ...] = ()) -> RegimeVote:
        kind = Vote.WARNING if warns else Vote.CLEAR
        as_of = max(each.day for each in inputs)
        return RegimeVote(self.key, self.name, kind, value, self.threshold, as_of, reason, self.rule, self.published, inputs, missing)

    def lacks(self, *missing: str) -> RegimeVote:
        reason = f"This vote cannot be made: {'; '.join(missing)}."
        return RegimeVote(self.key, self.name, Vote.MISSING, None, self.threshold, None, reason, self.rule, self.published, (), missing)


YIELD_CURVE = _Rule(
    "yield_curve",
    "Yield curve",
    0.0,
    "The ten-year less the three-month Treasury yield, in percentage points; below 0 warns.",
    "Estrella and Mishkin (1996), The Yield Curve as a Predictor of U.S. Recessions, Federal Reserve Bank of New York",
)
SAHM = _Rule(
    "sahm",
    "Unemployment (Sahm rule)",
    SAHM_THRESHOLD,
    "The mean unemployment rate (U3) of the last three months less the least such mean of the twelve months before; 0.5 or more warns.",
    "Sahm (2019), Direct Stimulus Payments to Individuals, The Hamilton Project and Brookings",
)
INDEX_TREND = _Rule(
    "index_trend",
    "Index against its average",
    0.0,
    "The last close of the index less the mean of its last 200 closes, in percent of the mean; below 0 warns.",
    "After Faber (2007), A Quantitative Approach to Tactical Asset Allocation, The Journal of Wealth Management",
)


def regime_of(known: Mapping[str, Known], index: str, today: date) -> Regime:
    """The regime on a day, of the values up to it of the series that are known by name; `index` is the one whose trend is asked for."""
    known = {name: until for name, each in known.items() if (until := each.until(today)).days}
    votes = (yield_curve(known, today), sahm(known.get(UNEMPLOYMENT), today), index_trend(known.get(index), index, today))
    warnings = sum(vote.vote is Vote.WARNING for vote in votes)
    count = sum(vote.vote is not Vote.MISSING for vote in votes)
    if count < LEAST_VOTES:
        name = RegimeName.UNKNOWN
    else:
        name = (RegimeName.CLEAR, RegimeName.MIXED, RegimeName.ADVERSE, RegimeName.ADVERSE)[warnings]
    return Regime(name, today, count, warnings, RULE, votes, cycle_of(known, today))


def yield_curve(known: Mapping[str, Known], today: date) -> RegimeVote:
    """By the difference that FRED publishes, else, also where that is old, by the two yields on the last day that both have."""
    curve = known.get(CURVE)
    if curve is None:
        without = f"{CURVE} is not stored"
    elif (today - curve.days[-1]).days > OLDEST_DAILY:
        without = f"the newest value of {CURVE} is of {curve.days[-1]}, more than {OLDEST_DAILY} days ago"
    else:
        day, value = curve.days[-1], curve.values[-1]
        return _curve(value, (MacroInput("difference", CURVE, curve.source, day, value),))
    lacking = [f"{name} is not stored" for name in (LONG, SHORT) if name not in known]
    if lacking:
        return YIELD_CURVE.lacks(without, *lacking)
    long, short = known[LONG], known[SHORT]
    common = set(long.days) & set(short.days)
    if not common:
        return YIELD_CURVE.lacks(without, f"{LONG} and {SHORT} have no day in common")
    day = max(common)
    if (today - day).days > OLDEST_DAILY:
        return YIELD_CURVE.lacks(without, f"the newest day of {LONG} and {SHORT} is {day}, more than {OLDEST_DAILY} days ago")
    yields = [(one, one.values[one.days.index(day)]) for one in (long, short)]
    inputs = tuple(
        MacroInput(name, one.series, one.source, day, number)
        for name, (one, number) in zip(("ten years", "three months"), yields, strict=True)
    )
    return _curve(round(yields[0][1] - yields[1][1], 6), inputs)


def _curve(value: float, inputs: tuple[MacroInput, ...]) -> RegimeVote:
    warns = value < 0
    reason = f"Ten years yield {abs(value):.2f} points {'less' if warns else 'more'} than three months on {inputs[0].day}."
    return YIELD_CURVE.vote(value, warns, reason, inputs)


def sahm(unemployment: Known | None, today: date) -> RegimeVote:
    """By the published definition. Months without a value are named; the last three must be there, and nine of the twelve means before."""
    if unemployment is None:
        return SAHM.lacks(f"{UNEMPLOYMENT} is not stored")
    if (today - unemployment.days[-1]).days > OLDEST_MONTHLY:
        return SAHM.lacks(f"the newest month is {unemployment.days[-1]:%Y-%m}, which ended too long ago")
    rates = unemployment.months()
    last = max(rates)
    wanted = range(last - MONTHS_BEFORE - 2, last + 1)
    missing = tuple(f"{UNEMPLOYMENT} of {named(month)}" for month in wanted if month not in rates)
    means = {
        month: fsum(rates[month - back] for back in range(3)) / 3
        for month in range(last - MONTHS_BEFORE, last + 1)
        if all(month - back in rates for back in range(3))
    }
    before = {month: mean for month, mean in means.items() if month < last}
    if last not in means or len(before) < LEAST_MONTHS:
        return SAHM.lacks(*(missing or (f"{UNEMPLOYMENT} has fewer than 15 months",)))
    least = min(before, key=lambda month: before[month])
    value = round(means[last] - before[least], 6)
    warns = value >= SAHM_THRESHOLD
    inputs = (
        MacroInput("mean of three months", UNEMPLOYMENT, unemployment.source, first_day(last), round(means[last], 6)),
        MacroInput("least mean of the twelve months before", UNEMPLOYMENT, unemployment.source, first_day(least), round(before[least], 6)),
    )
    told = f"The mean of three months to {named(last)} is {value:.2f} points above the least of the year before"
    if value < 0:
        told = f"The mean of three months to {named(last)} is {-value:.2f} points below the least of the year before"
    return SAHM.vote(value, warns, f"{told}{', counted without the missing months' if missing else ''}.", inputs, missing)


def index_trend(index: Known | None, name: str, today: date) -> RegimeVote:
    """By the last 200 closes."""
    if index is None:
        return INDEX_TREND.lacks(f"{name} is not stored")
    if len(index.values) < AVERAGE_DAYS:
        return INDEX_TREND.lacks(f"{name} has {len(index.values)} closes, and {AVERAGE_DAYS} are needed")
    day, close = index.days[-1], index.values[-1]
    if (today - day).days > OLDEST_DAILY:
        return INDEX_TREND.lacks(f"the newest close of {name} is of {day}, more than {OLDEST_DAILY} days ago")
    mean = fsum(index.values[-AVERAGE_DAYS:]) / AVERAGE_DAYS
    if mean <= 0:
        return INDEX_TREND.lacks(f"the mean of {name} is not above 0")
    value = round(100 * (close / mean - 1), 6)
    inputs = (
        MacroInput("last close", index.series, index.source, day, close),
        MacroInput("mean of 200 closes", index.series, index.source, day, round(mean, 6)),
    )
    return INDEX_TREND.vote(
        value, value < 0, f"{name} is {abs(value):.1f} % {'below' if value < 0 else 'above'} its mean on {day}.", inputs
    )
