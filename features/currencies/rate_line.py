"""The rates between two currencies by day, crossed over the euro. A rate is carried for a week; a missing one is never guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from models.currency import EUR, major_of
from models.fx import MOST_CARRIED, FxGap, FxRate, FxSeries
from models.observations import ITEM_BYTES, Observations

FORM = 1  # raised with every change of how rates are made
Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Leg:
    """The stored rates of a currency: units of it for one euro."""

    series: FxSeries
    days: Days
    rates: Floats
    digest: str

    @classmethod
    def of(cls, series: FxSeries, rates: Observations) -> Leg:
        """The stored rates, unpacked."""
        cut = len(rates) * ITEM_BYTES
        days = np.frombuffer(rates.data[:cut], "<i8").astype("datetime64[D]")
        return cls(series, days, np.frombuffer(rates.data[cut:], "<f8"), rates.sha256)


@dataclass(frozen=True, eq=False)
class RateLine:
    """Units of `quote` for one of `base`. Lines with one `digest` have the same rates.

    `days` are those on which a rate of either currency against the euro is new, ascending; `quoted` is the older one of the two days that
    the value of a day is made of; all of shape (n,). Of units of one currency there are no days: `fixed` is their ratio, on all days.
    """

    base: str
    quote: str
    days: Days
    values: Floats
    quoted: Days
    sources: tuple[str, ...]
    digest: str
    fixed: float | None = None

    def on(self, days: Days) -> Floats:
        """The rates of some days, carried for at most a week; NaN where there is none. Of any shape."""
        if self.fixed is not None:
            return np.full(days.shape, self.fixed)
        rows = np.searchsorted(self.days, days, side="right") - 1
        known = rows >= 0
        known[known] = (days[known] - self.quoted[rows[known]]).astype(np.int64) <= MOST_CARRIED
        rates = np.full(days.shape, np.nan)
        rates[known] = self.values[rows[known]]
        return rates

    def at(self, day: date) -> FxRate:
        """The rate of a day, of which day it is, and why there is none."""
        if self.fixed is not None:
            return FxRate(self.fixed, day, None)
        row = int(np.searchsorted(self.days, np.datetime64(day), side="right")) - 1
        if row < 0:
            first = f"the first one is of {self.days[0].item()}" if len(self.days) else "the two currencies have no day in common"
            return FxRate(None, None, f"There is no rate of {self.base} in {self.quote} on {day}: {first}.")
        quoted: date = self.quoted[row].item()
        if (day - quoted).days > MOST_CARRIED:
            told = f"There is no rate of {self.base} in {self.quote} on {day}: the last one is of {quoted}"
            return FxRate(None, quoted, f"{told}, and rates are carried for {MOST_CARRIED} days at most.")
        return FxRate(float(self.values[row]), quoted, None)

    def gaps(self, start: date, end: date) -> Iterator[FxGap]:
        """The days from `start` to `end`, both included, that have no rate, in stretches."""
        days = np.arange(np.datetime64(start), np.datetime64(end) + 1)
        missing = np.flatnonzero(np.isnan(self.on(days)))
        for stretch in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
            if len(stretch):
                first: date = days[stretch[0]].item()
                yield FxGap(first, days[stretch[-1]].item(), self.at(first).reason or "")


def crossed(base: str, quote: str, legs: dict[str, Leg]) -> RateLine:
    """The line between two units, of the legs of their currencies by name; the euro needs none."""
    (of_base, base_units), (of_quote, quote_units) = major_of(base), major_of(quote)
    used = [legs[name] for name in (of_base, of_quote) if name != EUR] if of_base != of_quote else []
    digest = hashlib.sha256("\n".join((str(FORM), base, quote, *(leg.digest for leg in used))).encode()).hexdigest()
    sources = tuple(dict.fromkeys(leg.series.source for leg in used))
    if not used:
        nothing = np.array([], "datetime64[D]")
        return RateLine(base, quote, nothing, np.array([]), nothing, sources, digest, quote_units / base_units)
    if len(used) == 1:
        leg = used[0]
        values = leg.rates * quote_units / base_units if of_base == EUR else quote_units / (leg.rates * base_units)
        return RateLine(base, quote, leg.days, values, leg.days, sources, digest)
    lower, upper = used
    days = np.union1d(lower.days, upper.days)
    rows = [np.searchsorted(leg.days, days, side="right") - 1 for leg in used]
    both = (rows[0] >= 0) & (rows[1] >= 0)
    days, low, up = days[both], rows[0][both], rows[1][both]
    quoted = np.minimum(lower.days[low], upper.days[up])
    kept = (days - quoted).astype(np.int64) <= MOST_CARRIED
    values = (upper.rates[up] / lower.rates[low] * quote_units / base_units)[kept]
    return RateLine(base, quote, days[kept], values, quoted[kept], sources, digest)


def carried_until(series: FxSeries) -> date:
    """The last day on which the newest rate of a currency still counts."""
    return series.last_day + timedelta(days=MOST_CARRIED)
