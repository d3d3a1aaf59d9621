"""Tomorrow's bar is refused until its day has begun at the exchange, or anywhere on earth where no suffix names one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from kit.support import Client

from features.prices.latest_day import latest_day
from models.day_text import day_text
from utils.clock import now

DAY = date(2026, 11, 27)
NEXT = DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("ticker", "clock", "expected"),
    [
        pytest.param("ANY", "09:59", DAY, id="begun nowhere"),
        pytest.param("ANY", "10:00", NEXT, id="begun on Kiritimati"),
        pytest.param("BRK.B", "10:00", NEXT, id="a class of shares is no exchange"),
        pytest.param("BHP.AX", "12:59", DAY, id="not yet in Sydney"),
        pytest.param("BHP.AX", "13:00", NEXT, id="in Sydney's summer"),
        pytest.param("7203.T", "14:59", DAY, id="not yet in Tokyo"),
        pytest.param("7203.T", "15:00", NEXT, id="in Tokyo"),
        pytest.param("RELIANCE.NS", "18:29", DAY, id="not yet in Mumbai"),
        pytest.param("RELIANCE.NS", "18:30", NEXT, id="in Mumbai"),
        pytest.param("SAP.DE", "21:59", DAY, id="not yet in Frankfurt"),
        pytest.param("AAPL.US", "23:59", DAY, id="New York is behind"),
        pytest.param("AAPL.US", "03:59", date(2026, 11, 26), id="still yesterday in New York"),
        pytest.param("AAPL.US", "04:00", DAY, id="in New York's summer"),
    ],
)
def test_the_latest_day(ticker: str, clock: str, expected: date) -> None:
    moment = datetime.fromisoformat(f"{DAY}T{clock}:00").replace(tzinfo=UTC)
    assert latest_day(ticker, moment) == expected


@pytest.mark.parametrize("ticker", ["LATE", "LATE.T", "LATE.US"])
def test_a_bar_of_a_later_day_is_refused(client: Client, ticker: str) -> None:
    day = latest_day(ticker, now())
    header = "Date,Open,High,Low,Close,Volume\n"
    refused = client.put(f"/prices/{ticker}", f"{header}{day + timedelta(days=1)},1,1,1,1,1\n")
    assert (refused.status_code, refused.json["errors"][0]["message"]) == (422, f"{day_text(day + timedelta(days=1))} is in the future.")
    assert client.put(f"/prices/{ticker}", f"{header}{day},1,1,1,1,1\n").status_code == 200
