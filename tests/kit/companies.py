"""Companies with splits and dividends, and what sources export of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from hypothesis import strategies as st

from analysis.bars import FloatArray, adjusted_bars
from models.price_series import PackedBars, number_of

FIRST = date(2022, 1, 3)
BARS = 240


def day_of_bar(at: int) -> date:
    return FIRST + timedelta(days=at + 2 * (at // 5))


@dataclass(frozen=True)
class Source:
    """How a source exports: prices and volumes "as_traded" or "split_adjusted", with adjusted closes or not, and rounded or not."""

    prices: str
    volumes: str
    adjusted: bool
    decimals: int | None = None


@dataclass(frozen=True)
class Company:
    """A company's days: prices as traded, and the splits (bar, ratio) and dividends (bar, share of the price) in between."""

    seed: int
    splits: tuple[tuple[int, float], ...] = ()
    dividends: tuple[tuple[int, float], ...] = ()

    def export(self, begin: int, end: int, source: Source) -> PackedBars:
        """What a source exports of the bars from `begin` to `end` on the evening of the last of them."""
        random = np.random.default_rng(self.seed)
        close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, BARS)))
        shares = np.ones(BARS)
        for at, ratio in self.splits:
            shares[at:] *= ratio
        opened = np.concatenate([close[:1], close[:-1]])
        traded = [opened, np.maximum(opened, close) * 1.005, np.minimum(opened, close) * 0.995, close]
        volume = np.floor(random.uniform(1e6, 1e7, BARS))
        later = shares[end - 1] / shares  # the shares on that evening that each share of a day has become
        paid = np.ones(BARS)
        for at, share in self.dividends:
            if at < end:
                paid[:at] *= 1 - share
        columns = [column / shares for column in traded]
        adj_close = columns[3] / later * paid if source.adjusted else np.full(BARS, np.nan)
        if source.prices == "split_adjusted":
            columns = [column / later for column in columns]
        volume = volume * shares * (later if source.volumes == "split_adjusted" else 1)
        columns = [*columns, adj_close, volume]
        if source.decimals is not None:
            columns = [*(np.round(column, source.decimals) for column in columns[:-1]), np.round(volume)]
        numbers = np.array([number_of(day_of_bar(at)) for at in range(begin, end)])
        return PackedBars(numbers.tobytes() + b"".join(column[begin:end].tobytes() for column in columns))


def arrays(packed: PackedBars, adjusted: bool) -> dict[str, FloatArray]:
    bars = adjusted_bars(packed, adjusted)
    return {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}


companies = st.builds(
    Company,
    st.integers(0, 10_000),
    st.lists(st.tuples(st.integers(1, BARS - 1), st.sampled_from([2.0, 1.5, 4.0, 0.1, 3.0, 20.0, 7.0, 1.25])), max_size=2).map(tuple),
    st.lists(st.tuples(st.integers(1, BARS - 1), st.floats(0.0005, 0.05)), max_size=3).map(tuple),
)
bases = st.sampled_from(["as_traded", "split_adjusted"])
