"""The bundled prices, read once."""

from __future__ import annotations

import pytest

from analysis.bars import Bars, adjusted_bars
from features.prices.providers.sample import SampleProvider
from models.price_series import PackedBars


@pytest.fixture(scope="session")
def packed() -> dict[str, PackedBars]:
    """The five sample series as they are stored, by ticker."""
    return {series.ticker: PackedBars.pack(series.bars) for series in SampleProvider().series()}


@pytest.fixture(scope="session")
def sample(packed: dict[str, PackedBars]) -> dict[str, Bars]:
    """The five sample series, adjusted, by ticker."""
    return {ticker: adjusted_bars(series, adjusted=True) for ticker, series in packed.items()}
