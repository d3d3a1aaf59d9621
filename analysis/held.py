"""Closes for what is held: on the footing of the newest bar, or of the shares of each day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from models.analysis import PriceWarning
from models.corporate_action import Split

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class HeldCloses:
    """The closes of a ticker without regard to distributions, which a holder gets as money, and its splits, ascending by day.

    `delivered` are the closes as they are stored: of the shares of their day where `is_traded`, else of the shares of the newest bar.
    `currency` and `name` are None where they are not known, and so is `parted`, the warning of newest closes that may be mistyped.
    `untold` is a split of about a day that is in the closes and not among the splits.
    """

    ticker: str
    currency: str | None
    name: str | None
    days: Days
    delivered: FloatArray
    is_traded: bool
    splits: tuple[Split, ...]
    parted: PriceWarning | None = None
    untold: Split | None = None

    @property
    def last_day(self) -> date:
        """The day of the newest close."""
        day: date = self.days[-1].item()
        return day

    @cached_property
    def closes(self) -> FloatArray:
        """The closes for one share of the newest bar. A split after it is not in them."""
        return self.newest(self.splits)

    @cached_property
    def digest(self) -> str:
        """Hex digest of all that a valuation takes from it."""
        told = f"{self.ticker}|{self.currency}|{self.is_traded}|{self.splits}|".encode()
        return hashlib.sha256(b"".join((told, self.days.astype(np.int64).tobytes(), self.delivered.tobytes()))).hexdigest()

    def newest(self, splits: Sequence[Split]) -> FloatArray:
        """The closes for one share of the newest bar, by splits that somebody knows better."""
        if not self.is_traded or not splits:
            return self.delivered
        closes: FloatArray = self.delivered * (later_shares(splits, self.days[-1:]) / later_shares(splits, self.days))
        return closes

    def on(self, days: Days, splits: Sequence[Split] | None = None) -> FloatArray:
        """The close of each day or the last one before it, for one share of that day; NaN before the first one.

        `splits` are taken in place of its own, where somebody knows better.
        """
        taken = self.splits if splits is None else splits
        bars = np.searchsorted(self.days, days, side="right") - 1
        known = bars >= 0
        closes = np.full(len(days), np.nan)
        bars = bars[known]
        closes[known] = self.delivered[bars]
        if taken:
            of_close = self.days[bars] if self.is_traded else self.days[-1:]
            closes[known] *= later_shares(taken, days[known]) / later_shares(taken, of_close)
        return closes


def later_shares(splits: Sequence[Split], days: Days) -> FloatArray:
    """What one share of each day becomes by the splits after it: the shares of a split's own day are new ones."""
    effective = np.array([split.day for split in splits], dtype="datetime64[D]")
    ratios = np.array([split.ratio for split in splits])
    order = np.argsort(effective, kind="stable")
    later = np.append(np.cumprod(ratios[order][::-1])[::-1], 1.0)
    shares: FloatArray = later[np.searchsorted(effective[order], days, side="right")]
    return shares
