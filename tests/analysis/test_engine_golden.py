"""The engine's numbers for the bundled prices.

A change of these numbers changes results: raise ENGINE_VERSION in the same commit, so that a stored result is not taken for a new one,
then write the new numbers here.
"""

from __future__ import annotations

from datetime import date

import pytest
from kit.bars import chosen, seen

from analysis.bars import adjusted_bars
from analysis.engine import ENGINE_VERSION, Fingerprints
from models.freshness import StaleBy
from models.price_series import PackedBars

AS_OF = date(2013, 3, 1)
FINGERPRINT = "b7fbf522da6c414160ca020ca975098e1c8eb954430f3f890b16f209376af835"


def test_the_numbers_below_are_of_this_version() -> None:
    assert ENGINE_VERSION == "6"


@pytest.mark.parametrize(
    ("ticker", "strategy", "score", "verdict"),
    [
        ("AAPL", "balanced", -0.305923377, "Sell"),
        ("AAPL", "trend", -0.848073013, "Strong Sell"),
        ("AAPL", "reversion", 0.386071942, "Buy"),
        ("AAPL", "breakout", -0.374221110, "Sell"),
        ("AAPL", "weekly", 0.457307958, "Buy"),
        ("FB", "balanced", -0.449122571, "Sell"),
        ("FB", "trend", -0.838590402, "Strong Sell"),
        ("FB", "reversion", -0.128108522, "Hold"),
        ("FB", "breakout", -0.469095478, "Sell"),
        ("FB", "weekly", -0.158839219, "Hold"),
        ("GOOG", "balanced", 0.590705567, "Buy"),
        ("GOOG", "trend", 0.864977868, "Strong Buy"),
        ("GOOG", "reversion", 0.027183247, "Hold"),
        ("GOOG", "breakout", 0.657094752, "Strong Buy"),
        ("GOOG", "weekly", -0.044393719, "Hold"),
        ("IBM", "balanced", -0.227369464, "Sell"),
        ("IBM", "trend", 0.182240476, "Hold"),
        ("IBM", "reversion", -0.330914955, "Sell"),
        ("IBM", "breakout", -0.244679008, "Sell"),
        ("IBM", "weekly", -0.419498851, "Sell"),
        ("MSFT", "balanced", 0.279586187, "Buy"),
        ("MSFT", "trend", 0.429861600, "Buy"),
        ("MSFT", "reversion", 0.059779499, "Hold"),
        ("MSFT", "breakout", 0.238687656, "Buy"),
        ("MSFT", "weekly", 0.097366972, "Hold"),
    ],
)
def test_score_and_verdict(packed: dict[str, PackedBars], ticker: str, strategy: str, score: float, verdict: str) -> None:
    analysis = seen(adjusted_bars(packed[ticker].between(end=AS_OF), adjusted=True), chosen(strategy))
    assert (analysis.as_of, round(analysis.score, 9), analysis.verdict) == (AS_OF, score, verdict)


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    assert Fingerprints(chosen("weekly")).of("IBM", "0" * 64, StaleBy(None, None)) == FINGERPRINT
