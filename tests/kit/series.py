"""Series that are stored without a request, which may have days to come."""

from __future__ import annotations

from datetime import datetime

import numpy as np

import database
from analysis.bars import Bars
from features.prices.store import series as series_store
from models.price_series import PackedBars, SeriesDescription, head_of


def pack(bars: Bars) -> PackedBars:
    """Bars in the packed layout, as delivered without adjusted closes."""
    columns = (bars.open, bars.high, bars.low, bars.close, np.full(len(bars), np.nan), bars.volume)
    return PackedBars(bars.days.astype("datetime64[D]").tobytes() + b"".join(column.tobytes() for column in columns))


def store(ticker: str, bars: Bars, updated_at: datetime, *, org_id: int = 0, provider: str = "tiingo") -> None:
    """Store a series of an organization, by default the shared one."""
    packed = pack(bars)
    head = head_of(SeriesDescription(org_id, ticker, None, provider, adjusted=False), packed)
    with database.transaction() as connection:
        series_store.save(connection, head, packed, updated_at)
