"""The names under which sources tell an exchange."""

from __future__ import annotations

import pytest

from infrastructure.exchanges import exchange_for, exchange_named, settling_exchange
from infrastructure.market_names import mic_of


@pytest.mark.parametrize(
    ("told", "mic"),
    [
        ("NASDAQ", "XNAS"),
        ("nasdaq", "XNAS"),
        ("NMS", "XNAS"),
        ("NASDAQ Global Select Market", "XNGS"),
        ("NasdaqGS", "XNGS"),
        ("XNGS", "XNGS"),
        ("NYSE", "XNYS"),
        ("NEW YORK STOCK EXCHANGE, INC.", "XNYS"),
        ("NYQ", "XNYS"),
        ("NYSE ARCA", "ARCX"),
        ("NYSE MKT", "XASE"),
        ("PINK", "OTCM"),
        ("LSE", "XLON"),
        ("London Stock Exchange", "XLON"),
        ("XETRA", "XETR"),
        (" xetr ", "XETR"),
        ("Deutsche B\u00f6rse Xetra", "XETR"),
        ("Euronext Paris", "XPAR"),
        ("Toronto Stock Exchange", "XTSE"),
        ("TSX-V", "XTSX"),
        ("BSE", "XBOM"),
        ("HKEX", "XHKG"),
        ("ASX", "XASX"),
        ("XMIL", "XMIL"),
        ("Milan", "XMIL"),
    ],
)
def test_names_of_exchanges_are_known_in_many_spellings(told: str, mic: str) -> None:
    assert mic_of(told) == mic


@pytest.mark.parametrize("told", ["", " ", "?", "TSE", "the moon", "X" * 10_000, "\0", "\u0130", "NYSE\u202eDAQ NYSE"])
def test_other_names_are_none(told: str) -> None:
    assert mic_of(told) is None
    assert exchange_named(told) is None


@pytest.mark.parametrize(
    ("ticker", "told", "mic"),
    [
        pytest.param("SHEL", "LSE", "XLON", id="by name"),
        pytest.param("SHEL.L", "NYSE", "XNYS", id="what is told counts before the suffix"),
        pytest.param("SHEL.L", "the moon", "XLON", id="the suffix, where what is told is not known"),
        pytest.param("ENI.MI", "XMIL", None, id="an exchange without a calendar"),
        pytest.param("RR.L", None, "XLON", id="only a suffix"),
        pytest.param("AAPL", None, None, id="neither"),
        pytest.param("SPY", "NYSE Arca", "XNYS", id="an exchange with the days of another"),
        pytest.param("ADRNY", "OTCQX", "XNYS", id="over the counter"),
    ],
)
def test_a_ticker_is_of_the_exchange_that_is_told_else_of_its_suffix(ticker: str, told: str | None, mic: str | None) -> None:
    found = exchange_for(ticker, told)
    assert (found.mic if found is not None else None) == mic
    assert settling_exchange(ticker, told).mic == (mic or "XNYS")
