"""Splits that closes as traded show beside adjusted ones: in a series, in uploads, and not where a price is mistyped."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from kit.companies import BARS, Company, Source, day_of_bar
from kit.portfolios import booked, make_portfolio, trade
from kit.splits import BARS as FILE_BARS
from kit.splits import FIRST, SPLIT_AT, SPLIT_DAY, price, tell_split, traded_file
from kit.support import Client

from analysis.bars import ADJ_CLOSE, CLOSE, HIGH, LOW, OPEN, columns_of
from features.prices.shown_splits import LEAST_STEADY, MOST_SPLITS, splits_within
from models.price_series import PackedBars

TRADED = Source("as_traded", "as_traded", adjusted=True)
FOUND = {"ticker": "FOUND", "day": str(SPLIT_DAY), "numerator": 2, "denominator": 1}


def told(packed: PackedBars) -> list[tuple[date, float]]:
    return [(action.effective_day, action.ratio) for action in splits_within(packed)]


def mistyped(packed: PackedBars, bars: slice, factor: float, *rows: int) -> PackedBars:
    """Bars of which some prices are multiplied, and the adjusted closes are right."""
    columns = columns_of(packed).copy()
    for row in rows:
        columns[row, bars] *= factor
    return PackedBars(columns.tobytes())


def test_a_series_shows_its_splits() -> None:
    company = Company(8, splits=((50, 1.5), (120, 0.1), (180, 4.0)), dividends=((30, 0.04), (90, 0.05)))
    assert told(company.export(0, BARS, TRADED)) == [(day_of_bar(at), pytest.approx(ratio)) for at, ratio in company.splits]
    assert told(company.export(0, BARS, Source("split_adjusted", "as_traded", adjusted=True))) == []


def test_a_series_that_jumps_at_every_bar_shows_none() -> None:
    company = Company(9, splits=tuple((at, 2.0 if at % 2 else 0.5) for at in range(1, MOST_SPLITS + 3)))
    assert told(company.export(0, BARS, TRADED)) == []


@pytest.mark.parametrize("rows", [(CLOSE,), (OPEN, HIGH, LOW, CLOSE)], ids=["the close", "the whole bar"])
@pytest.mark.parametrize("bars", [slice(0, 1), slice(100, 101), slice(100, 106), slice(BARS - 1, BARS), slice(BARS - 2, BARS)])
@pytest.mark.parametrize("factor", [0.8, 1.25, 2.0, 0.1])
def test_mistyped_prices_are_no_split(factor: float, bars: slice, rows: tuple[int, ...]) -> None:
    assert told(mistyped(Company(8).export(0, BARS, TRADED), bars, factor, *rows)) == []


def test_a_mistyped_close_hides_no_split_near_it() -> None:
    packed = Company(8, splits=((150, 2.0),)).export(0, BARS, TRADED)
    for at in (145, 156):
        assert told(mistyped(packed, slice(at, at + 1), 0.5, CLOSE)) == [(day_of_bar(150), 2.0)]


@pytest.mark.parametrize("at", [LEAST_STEADY, BARS - LEAST_STEADY])
def test_a_split_is_known_when_the_factor_has_stayed_for_some_days(at: int) -> None:
    company = Company(8, splits=((at, 2.0),))
    assert told(company.export(0, BARS, TRADED)) == [(day_of_bar(at), 2.0)]
    begin, end = (1, BARS) if at == LEAST_STEADY else (0, BARS - 1)
    assert told(company.export(begin, end, TRADED)) == []


@pytest.mark.parametrize("paid", [0.17, 0.21, 0.23, 0.3])
def test_a_large_distribution_is_no_split(paid: float) -> None:
    """The price falls by it: the ratio of such a day is near to that of a split, and not the same."""
    packed = Company(8, dividends=((150, paid),)).export(0, BARS, TRADED)
    columns = columns_of(packed).copy()
    columns[OPEN : ADJ_CLOSE + 1, 150:] *= 1 - paid
    assert np.isclose(columns[OPEN, 150] / columns[CLOSE, 149], 1 - paid)
    assert told(PackedBars(columns.tobytes())) == []


def upload(client: Client, file: str, query: str = "") -> Any:
    answer = client.put(f"/prices/FOUND{query}", file)
    assert answer.status_code == 200, answer.json
    return answer.json


def lines_of(first: int, last: int) -> str:
    header, *lines = traded_file(adjusted=True).splitlines()
    return "\n".join([header, *lines[first:last]])


def stored_splits(client: Client) -> list[tuple[str, str]]:
    items = client.get("/prices/FOUND/actions").json["items"]
    return [(item["effective_day"], item["source"]) for item in items if item["kind"] == "split"]


def test_an_upload_and_its_dry_run_tell_the_splits_that_were_found(client: Client) -> None:
    assert upload(client, traded_file(adjusted=True), "?dry_run=true")["splits"] == [FOUND]
    assert upload(client, traded_file(adjusted=True))["splits"] == [FOUND]
    assert upload(client, traded_file(adjusted=True))["splits"] == [FOUND]
    assert stored_splits(client) == [(str(SPLIT_DAY), "upload")]
    assert upload(client, traded_file())["splits"] == []  # without adjusted closes


def test_a_split_that_somebody_told_is_not_found_again(client: Client) -> None:
    upload(client, lines_of(0, 100))
    tell_split(client, "FOUND")
    assert upload(client, traded_file(adjusted=True))["splits"] == []


def test_short_files_show_a_split_beside_the_stored_bars(client: Client) -> None:
    """Each has a new day and the one before: no file alone shows that the ratio stays."""
    upload(client, lines_of(0, SPLIT_AT))
    found = [upload(client, lines_of(at - 1, at + 1), "?extend=true")["splits"] for at in range(SPLIT_AT, SPLIT_AT + 5)]
    assert found == [[], [], [FOUND], [], []]
    assert (str(SPLIT_DAY), "upload") in stored_splits(client)


def file_until(last: int) -> str:
    """A file of the first bars as it was sent then: adjusted closes are restated for a split once its day is in it."""
    header, *lines = traded_file(adjusted=True).splitlines()
    if last <= SPLIT_AT:
        cells = [line.split(",") for line in lines]
        lines = [",".join([*each[:5], each[4], *each[6:]]) for each in cells]
    return "\n".join([header, *lines[:last]])


def held_on(client: Client, portfolio: str, bars: int) -> tuple[str, float]:
    (item,) = client.get(f"/portfolios/{portfolio}/holdings?as_of={date.fromordinal(FIRST.toordinal() + bars - 1)}").json["items"]
    return item["quantity"], float(item["value"])


@pytest.mark.parametrize("query", ["?extend=true", ""], ids=["extended", "replaced"])
def test_a_split_on_the_newest_bar_counts_at_once_where_the_bars_before_were_restated(client: Client, query: str) -> None:
    upload(client, file_until(SPLIT_AT))
    portfolio = make_portfolio(client)
    booked(client, portfolio, trade("buy", str(FIRST), "FOUND", "8", "50"))
    for bars in (SPLIT_AT + 1, SPLIT_AT + 1, SPLIT_AT + 2, SPLIT_AT + 3):
        upload(client, file_until(bars), query)
        assert held_on(client, portfolio, bars) == ("16", pytest.approx(8 * price(bars - 1), abs=0.02))
        assert (str(SPLIT_DAY), "upload") in stored_splits(client)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_mistyped_newest_close_is_no_split_where_nothing_was_restated(client: Client, factor: float) -> None:
    upload(client, file_until(100))
    header, *lines = file_until(101).splitlines()
    cells = lines[-1].split(",")
    lines[-1] = ",".join([cells[0], *(repr(float(cell) * factor) for cell in cells[1:5]), *cells[5:]])
    assert upload(client, "\n".join([header, *lines]), "?extend=true")["splits"] == []


def test_newest_closes_that_part_are_told_until_a_split_is_known(client: Client) -> None:
    """Of a file that nothing was stored before, one bar after a split."""
    report = upload(client, file_until(SPLIT_AT + 1))
    assert (report["splits"], [each["day"] for each in report["warnings"] if each["code"] == "parted_newest"]) == ([], [str(SPLIT_DAY)])
    assert "parted_newest" in [each["code"] for each in client.get("/prices/FOUND/quality").json["warnings"]]
    portfolio = make_portfolio(client)
    booked(client, portfolio, trade("buy", str(FIRST), "FOUND", "8", "50"))

    def warned(day: date) -> bool:
        (item,) = client.get(f"/portfolios/{portfolio}/holdings?as_of={day}").json["items"]
        return any("if the shares were split" in warning for warning in item["warnings"])

    assert (warned(SPLIT_DAY), warned(date.fromordinal(SPLIT_DAY.toordinal() - 1))) == (True, False)
    tell_split(client, "FOUND")
    assert not warned(SPLIT_DAY)
    assert held_on(client, portfolio, SPLIT_AT + 1) == ("16", pytest.approx(8 * price(SPLIT_AT), abs=0.02))
    assert "parted_newest" not in [each["code"] for each in client.get("/prices/FOUND/quality").json["warnings"]]


def test_a_mistyped_close_is_told_by_the_upload_and_by_the_quality(client: Client) -> None:
    header, *lines = traded_file(1.0, adjusted=True).splitlines()
    cells = lines[100].split(",")
    lines[100] = ",".join([cells[0], *(repr(float(cell) * 10) for cell in cells[1:5]), *cells[5:]])
    (told,) = [each for each in upload(client, "\n".join([header, *lines]))["warnings"] if each["code"] == "parted_closes"]
    assert (told["day"], "the close is 10 times" in told["message"]) == (str(date.fromordinal(FIRST.toordinal() + 100)), True)
    assert told in client.get("/prices/FOUND/quality").json["warnings"]


def test_a_mistyped_close_changes_no_holding(client: Client) -> None:
    header, *lines = traded_file(1.0, adjusted=True).splitlines()
    cells = lines[100].split(",")
    cells[3] = cells[4] = repr(float(cells[4]) / 1.25)
    lines[100] = ",".join(cells)
    assert upload(client, "\n".join([header, *lines]))["splits"] == []
    portfolio = make_portfolio(client)
    booked(client, portfolio, trade("buy", str(FIRST), "FOUND", "8", "50"))
    (item,) = client.get(f"/portfolios/{portfolio}/holdings?as_of={date.fromordinal(FIRST.toordinal() + FILE_BARS - 1)}").json["items"]
    assert item["quantity"] == "8"
