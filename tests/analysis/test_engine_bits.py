"""The engine's results for the bundled prices are the same to the last bit as those in the golden files."""

from __future__ import annotations

import json

import pytest
from kit.bars import TICKERS
from kit.golden import golden, path_of

from analysis.bars import Bars


@pytest.mark.parametrize("ticker", TICKERS)
def test_every_strategy_gives_the_golden_bits(sample: dict[str, Bars], ticker: str) -> None:
    expected = json.loads(path_of(ticker).read_text(encoding="utf-8"))
    assert golden(sample[ticker]) == expected
