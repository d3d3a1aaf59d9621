"""What a dry run shows of the series that would be stored, and of old and new beside each other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.reports import price_file
from kit.support import Client

from features.prices.preview import DAYS_COMPARED, preview_of
from models.import_report import Difference
from models.price_series import Bar, PackedBars

FIRST = date(2020, 1, 1)


def bars(begin: int, end: int, level: float = 100.0) -> PackedBars:
    return PackedBars.pack([Bar(FIRST + timedelta(days=at), level, level, level, level + at, level, 10.0) for at in range(begin, end)])


def test_a_dry_run_shows_rows_and_closes(client: Client) -> None:
    client.put("/prices/DRY", price_file(60))
    preview = client.put("/prices/DRY?dry_run=true&extend=true", price_file(80)).json["preview"]
    assert [row["day"] for row in preview["first"]] == [f"2012-01-0{day}" for day in range(2, 5)]
    assert preview["last"][-1] == {
        "day": "2012-03-21", "open": 107.9, "high": 107.9, "low": 107.9, "close": 107.9, "adj_close": None, "volume": 1079.0,
    }  # fmt: skip
    closes = preview["closes"]
    assert (len(closes["dates"]), closes["stored"][59], closes["stored"][60], closes["file"][79]) == (80, 105.9, None, 107.9)
    assert client.put("/prices/DRY?extend=true", price_file(80)).json["preview"] is None


def test_the_rows_are_those_of_the_outcome(client: Client) -> None:
    """After a split the stored rows are rescaled: the first rows shown are, too."""
    header, *lines = price_file(120).splitlines()
    client.put("/prices/PART", "\n".join([header, *lines[:100]]))
    rows = [line.split(",") for line in lines]
    restated = [",".join([day, *(repr(float(price) / 2) for price in prices), volume]) for day, *prices, volume in rows]
    preview = client.put("/prices/PART?extend=true&dry_run=true", "\n".join([header, *restated[80:]])).json["preview"]
    assert preview["first"][0]["close"] == 50.0
    assert (preview["closes"]["stored"][90], preview["closes"]["file"][90]) == (109.0, 54.5)


@pytest.mark.parametrize(
    ("former", "file", "first", "last"),
    [
        pytest.param(None, bars(0, 1000), 1000 - DAYS_COMPARED, 999, id="nothing is stored: the newest days"),
        pytest.param(bars(0, 1000), bars(990, 1010), 1010 - DAYS_COMPARED, 1009, id="a week more: up to the newest day"),
        pytest.param(bars(0, 1000), bars(200, 800), 1000 - DAYS_COMPARED, 999, id="they agree: the newest days"),
        pytest.param(bars(0, 1000), bars(0, 500, 200.0), 559 - DAYS_COMPARED, 558, id="up to after the newest difference"),
        pytest.param(bars(0, 50), bars(90, 100), 0, 99, id="no common day"),
        pytest.param(bars(500, 1000), bars(0, 600), 1000 - DAYS_COMPARED, 999, id="an older file that agrees"),
        pytest.param(None, bars(0, 2), 0, 1, id="two bars"),
    ],
)
def test_which_days_are_compared(former: PackedBars | None, file: PackedBars, first: int, last: int) -> None:
    closes = preview_of(former, file, file).closes
    days = [FIRST + timedelta(days=at) for at in range(first, last + 1)]
    known: dict[str, Any] = {"stored": former, "file": file}
    assert [day for day in days if any(each is not None and day in each.days() for each in known.values())] == closes.dates
    for name, packed in known.items():
        expected = dict(zip(packed.days(), packed.column("close"), strict=True)) if packed is not None else {}
        assert getattr(closes, name) == [expected.get(day) for day in closes.dates]


def test_all_common_days_are_compared() -> None:
    closes = preview_of(bars(0, 1000), bars(0, 500, 200.0), bars(0, 1000)).closes
    assert (closes.common_days, closes.differing_days) == (500, 500)
    assert closes.last_difference == Difference(FIRST + timedelta(days=499), 599.0, 699.0)
    agreeing = preview_of(bars(0, 1000), bars(200, 800), bars(0, 1000)).closes
    assert (agreeing.common_days, agreeing.differing_days, agreeing.last_difference) == (600, 0, None)
