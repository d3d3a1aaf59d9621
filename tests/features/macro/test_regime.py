"""The regime: each rule against its published definition, computed here in another way; what is missing is named and counts for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.macro import U3_2024, days_to, months_to, series_file
from kit.support import Client

from features.macro.known import Known
from features.macro.regime import index_trend, regime_of, sahm, yield_curve
from models.macro import RegimeName, Vote
from utils.clock import today

JULY = date(2024, 7, 1)
TODAY = date(2024, 8, 5)


def unemployment(rates: Sequence[float | None], last: date = JULY) -> Known:
    known = [(day, rate) for day, rate in zip(months_to(last, len(rates)), rates, strict=True) if rate is not None]
    return Known("UNRATE", "upload", [day for day, _ in known], [rate for _, rate in known if rate is not None])


def daily(name: str, values: list[float], last: date = TODAY) -> Known:
    return Known(name, "upload", days_to(last, len(values)), values)


def reference(rates: list[Fraction]) -> Fraction:
    """The published definition in exact arithmetic: the current mean of three less the least of the twelve before it."""
    means = [sum(rates[at - 2 : at + 1], Fraction(0)) / 3 for at in range(2, len(rates))]
    return means[-1] - min(means[-13:-1])


# ---- Sahm -------------------------------------------------------------------------------------------------------------------------


def test_the_month_in_which_the_rule_was_met() -> None:
    """July 2024: (4.0 + 4.1 + 4.3) / 3 less (3.7 + 3.6 + 3.5) / 3 is 0.53, as was published then."""
    vote = sahm(unemployment(U3_2024), TODAY)
    assert (vote.vote, vote.value, vote.missing) == (Vote.WARNING, pytest.approx(0.533333, abs=1e-6), ())
    assert [(each.day, each.value) for each in vote.inputs] == [
        (JULY, pytest.approx(4.133333, abs=1e-6)),
        (date(2023, 7, 1), pytest.approx(3.6)),
    ]


def test_the_month_before_it_was_not() -> None:
    vote = sahm(unemployment((3.5, *U3_2024[:-1]), date(2024, 6, 1)), TODAY)
    assert (vote.vote, vote.value) == (Vote.CLEAR, pytest.approx(0.4, abs=1e-6))


@settings(derandomize=True, max_examples=300)
@given(st.lists(st.integers(25, 150), min_size=15, max_size=30))
def test_any_rates_against_the_definition(tenths: list[int]) -> None:
    expected = reference([Fraction(rate, 10) for rate in tenths])
    vote = sahm(unemployment([rate / 10 for rate in tenths]), TODAY)
    assert vote.value == pytest.approx(float(expected), abs=2e-6)
    assert (vote.vote is Vote.WARNING) == (expected >= Fraction(1, 2))


def test_exactly_half_a_point_warns() -> None:
    vote = sahm(unemployment([4.0] * 12 + [4.5] * 3), TODAY)
    assert (vote.vote, vote.value) == (Vote.WARNING, 0.5)


def test_missing_months_are_named() -> None:
    rates: list[float | None] = [4.0] * 15
    rates[5] = None
    vote = sahm(unemployment(rates), TODAY)
    assert (vote.vote, vote.missing) == (Vote.CLEAR, ("UNRATE of 2023-10",))
    assert "missing months" in vote.reason
    rates[13] = None
    assert sahm(unemployment(rates), TODAY).missing == ("UNRATE of 2023-10", "UNRATE of 2024-06")
    assert sahm(unemployment(rates), TODAY).vote is Vote.MISSING
    short = sahm(unemployment([4.0] * 8), TODAY)
    assert (short.vote, len(short.missing)) == (Vote.MISSING, 7)


@pytest.mark.parametrize("later", [timedelta(days=30), timedelta(days=400)])
def test_old_rates_say_nothing_of_today(later: timedelta) -> None:
    is_old = later > timedelta(days=80)
    assert (sahm(unemployment(U3_2024), JULY + later).vote is Vote.MISSING) == is_old


# ---- the curve and the trend ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "vote"), [(-0.01, Vote.WARNING), (0.0, Vote.CLEAR), (1.5, Vote.CLEAR)])
def test_the_sign_of_the_curve(value: float, vote: Vote) -> None:
    told = yield_curve({"T10Y3M": daily("T10Y3M", [0.3, value])}, TODAY)
    assert (told.vote, told.value, told.as_of) == (vote, value, TODAY)


def test_the_curve_of_two_yields_is_of_their_last_common_day() -> None:
    known = {"DGS10": daily("DGS10", [4.0, 4.1, 4.2]), "DGS3MO": daily("DGS3MO", [5.0, 5.2], TODAY - timedelta(days=1))}
    told = yield_curve(known, TODAY)
    assert (told.vote, told.value, told.as_of) == (Vote.WARNING, pytest.approx(-1.1), TODAY - timedelta(days=1))
    assert [(each.series, each.value) for each in told.inputs] == [("DGS10", 4.1), ("DGS3MO", 5.2)]
    assert yield_curve({"DGS10": known["DGS10"]}, TODAY).missing == ("T10Y3M is not stored", "DGS3MO is not stored")
    apart = {"DGS10": daily("DGS10", [1.0]), "DGS3MO": daily("DGS3MO", [1.0], date(2020, 1, 1))}
    assert "no day in common" in yield_curve(apart, TODAY).reason


def test_an_old_difference_gives_way_to_fresh_yields() -> None:
    old = daily("T10Y3M", [0.5], TODAY - timedelta(days=15))
    known = {"T10Y3M": old, "DGS10": daily("DGS10", [4.0]), "DGS3MO": daily("DGS3MO", [4.5])}
    told = yield_curve(known, TODAY)
    assert (told.vote, told.value, [each.series for each in told.inputs]) == (Vote.WARNING, -0.5, ["DGS10", "DGS3MO"])
    assert yield_curve({**known, "T10Y3M": daily("T10Y3M", [0.5], TODAY - timedelta(days=14))}, TODAY).vote is Vote.CLEAR
    missing = yield_curve({"T10Y3M": old, "DGS10": known["DGS10"]}, TODAY).missing
    assert missing == ("the newest value of T10Y3M is of 2024-07-21, more than 14 days ago", "DGS3MO is not stored")
    all_old = {name: daily(name, [1.0], TODAY - timedelta(days=15)) for name in known}
    assert yield_curve(all_old, TODAY).missing[1] == "the newest day of DGS10 and DGS3MO is 2024-07-21, more than 14 days ago"


def test_days_to_come_say_nothing_of_today() -> None:
    tomorrow = TODAY + timedelta(days=1)
    known = {
        "T10Y3M": daily("T10Y3M", [-0.5, 2.0], tomorrow),
        "SP500": daily("SP500", [100.0] * 199 + [99.0, 500.0], tomorrow),
        "UNRATE": unemployment((*U3_2024, 99.0), date(2024, 9, 1)),
    }
    votes = regime_of(known, "SP500", TODAY).votes
    assert [(vote.vote, vote.as_of) for vote in votes] == [(Vote.WARNING, day) for day in (TODAY, date(2024, 8, 1), TODAY)]
    only_ahead = regime_of({"T10Y3M": daily("T10Y3M", [2.0], tomorrow)}, "SP500", TODAY)
    assert only_ahead.votes[0].vote is Vote.MISSING


def test_the_index_against_the_mean_of_200_closes() -> None:
    closes = [1_000.0] * 50 + [100.0] * 199 + [98.0]
    told = index_trend(daily("SP500", closes), "SP500", TODAY)
    mean = (199 * 100 + 98) / 200
    assert (told.vote, told.value) == (Vote.WARNING, pytest.approx(100 * (98 / mean - 1), abs=1e-6))
    assert told.inputs[1].value == pytest.approx(mean)
    assert index_trend(daily("SP500", [1.0] * 200), "SP500", TODAY).vote is Vote.CLEAR
    assert "199 closes" in index_trend(daily("SP500", [1.0] * 199), "SP500", TODAY).reason
    assert index_trend(daily("SP500", [1.0] * 200), "SP500", TODAY + timedelta(days=15)).vote is Vote.MISSING
    assert index_trend(None, "SP500", TODAY).missing == ("SP500 is not stored",)


@pytest.mark.parametrize(
    ("curve", "rates", "close", "expected"),
    [
        (1.0, [4.0] * 15, 101.0, RegimeName.CLEAR),
        (-1.0, [4.0] * 15, 101.0, RegimeName.MIXED),
        (-1.0, [4.0] * 15, 99.0, RegimeName.ADVERSE),
        (-1.0, list(U3_2024), 99.0, RegimeName.ADVERSE),
        (-1.0, None, 99.0, RegimeName.ADVERSE),
        (1.0, None, 101.0, RegimeName.CLEAR),
        (None, None, 99.0, RegimeName.UNKNOWN),
        (None, None, None, RegimeName.UNKNOWN),
    ],
)
def test_votes_together(curve: float | None, rates: list[float | None] | None, close: float | None, expected: RegimeName) -> None:
    known: dict[str, Known] = {}
    if curve is not None:
        known["T10Y3M"] = daily("T10Y3M", [curve])
    if rates is not None:
        known["UNRATE"] = unemployment(rates)
    if close is not None:
        known["SP500"] = daily("SP500", [100.0] * 199 + [close])
    told = regime_of(known, "SP500", TODAY)
    assert told.regime is expected
    assert told.votes_known == len(known)
    assert all(bool(vote.missing) == (vote.vote is Vote.MISSING) for vote in told.votes)
    assert all(vote.rule and vote.published and vote.reason for vote in told.votes)


# ---- over HTTP --------------------------------------------------------------------------------------------------------------------


def test_the_regime_of_what_is_stored(client: Client) -> None:
    assert client.get("/macro/regime").json["regime"] == "unknown"
    day = today()
    client.put("/macro/T10Y3M", series_file(days_to(day, 3), [0.1, -0.2, -0.3]))
    client.put("/macro/UNRATE", series_file(months_to(day - timedelta(days=day.day), 15), U3_2024))
    client.put("/macro/SP500", series_file(days_to(day, 250), range(1_000, 1_250)))
    told = client.get("/macro/regime").json
    assert (told["regime"], told["votes_known"], told["warnings"], told["as_of"]) == ("adverse", 3, 2, str(day))
    votes: dict[str, Any] = {vote["key"]: vote for vote in told["votes"]}
    assert {key: vote["vote"] for key, vote in votes.items()} == {"yield_curve": "warning", "sahm": "warning", "index_trend": "clear"}
    assert votes["yield_curve"]["inputs"] == [
        {"name": "difference", "series": "T10Y3M", "source": "upload", "day": str(day), "value": -0.3}
    ]


def test_the_trend_of_a_ticker(client: Client) -> None:
    told = client.get("/macro/regime?index=msft").json
    vote = next(vote for vote in told["votes"] if vote["key"] == "index_trend")
    assert vote["vote"] == "missing"  # the sample ends in 2013
    assert "newest close of prices of MSFT is of 2013-03-01" in vote["reason"]
    header, days = "Date,Open,High,Low,Close,Volume\n", days_to(today(), 300)
    client.put("/prices/OWN", header + "".join(f"{day},{price},{price},{price},{price},5\n" for price, day in enumerate(days, 50)))
    told = client.get("/macro/regime?index=OWN").json
    vote = next(vote for vote in told["votes"] if vote["key"] == "index_trend")
    assert (vote["vote"], vote["inputs"][0]["series"], vote["inputs"][0]["value"]) == ("clear", "OWN", 349.0)
    assert client.get("/macro/regime?index=NOSUCH").json["code"] == "ticker_not_found"
    assert client.get("/macro/regime?index=A B").status_code == 422


def test_a_split_of_the_index_fund_is_no_fall(client: Client) -> None:
    """What the fund is worth rises every day. It is split 4:1, and the last of its bars is of tomorrow."""
    days = days_to(today() + timedelta(days=1), 300)
    closes = [(100 + at / 10) / (1 if at < 250 else 4) for at in range(300)]
    rows = (f"{day},{close!r},{close!r},{close!r},{close!r},5\n" for day, close in zip(days, closes, strict=True))
    client.put("/prices/FUND", "Date,Open,High,Low,Close,Volume\n" + "".join(rows))
    split = {"kind": "split", "numerator": 4, "denominator": 1, "effective_day": str(days[250])}
    assert client.post("/prices/FUND/actions", split).status_code == 201
    told = client.get("/macro/regime?index=FUND").json
    vote = next(vote for vote in told["votes"] if vote["key"] == "index_trend")
    worth = [100 + at / 10 for at in range(99, 299)]
    assert (vote["vote"], vote["as_of"]) == ("clear", str(today()))
    assert vote["value"] == pytest.approx(100 * (worth[-1] / (sum(worth) / 200) - 1), abs=1e-6)
