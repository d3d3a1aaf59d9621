"""Packed bars: unpacking returns the bars that were packed, and a series can be cut at any day."""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import replace
from datetime import date, timedelta

import pytest
from kit.bars import TICKERS

from features.prices.providers.sample import SampleProvider
from models.price_series import COLUMNS, Bar, PackedBars

MONDAY = date(2012, 1, 2)
# Two weeks without their weekends, and no second Wednesday: days 0 to 4, 7, 8, 10, 11.
OFFSETS = (0, 1, 2, 3, 4, 7, 8, 10, 11)


def bar(offset: int, adj_close: float = 9.5) -> Bar:
    return Bar(MONDAY + timedelta(days=offset), 10.0 + offset, 12.5 + offset, 8.0 + offset, 11.0 + offset, adj_close, 1e6 + offset)


FORTNIGHT = PackedBars.pack([bar(offset) for offset in OFFSETS])


def offsets_of(packed: PackedBars) -> list[int]:
    return [(day - MONDAY).days for day in packed.days()]


@pytest.mark.parametrize("ticker", TICKERS)
def test_bars_come_out_as_they_went_in(packed: dict[str, PackedBars], ticker: str) -> None:
    bars = next(series.bars for series in SampleProvider().series() if series.ticker == ticker)
    assert packed[ticker].bars() == bars
    assert len(packed[ticker]) == len(bars)
    assert (packed[ticker].first_day(), packed[ticker].last_day()) == (bars[0].day, bars[-1].day)


def test_a_missing_adjusted_close_comes_out_missing() -> None:
    packed = PackedBars.pack([bar(0, math.nan), bar(1, math.nan)])
    assert all(math.isnan(adj_close) for adj_close in packed.column("adj_close"))
    assert packed.sha256 == PackedBars.pack([bar(0, math.nan), bar(1, math.nan)]).sha256


def test_the_layout_is_columns_of_little_endian_eight_byte_values() -> None:
    bars = [bar(0), bar(7)]
    columns = [struct.pack("<2d", *(getattr(one, name) for one in bars)) for name in COLUMNS]
    days = struct.pack("<2q", 15341, 15348)  # 2012-01-02 and 2012-01-09, counted from 1970-01-01
    assert PackedBars.pack(bars).data == b"".join([days, *columns])


@pytest.mark.parametrize("day", [date(1969, 12, 31), date(1970, 1, 1), date(1900, 1, 1), date(2100, 2, 28)], ids=str)
def test_any_day_can_be_packed(day: date) -> None:
    assert PackedBars.pack([Bar(day, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)]).days() == [day]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(None, None, OFFSETS, id="no bounds"),
        pytest.param(0, 11, OFFSETS, id="exactly all"),
        pytest.param(-100, 100, OFFSETS, id="wider than all"),
        pytest.param(1, None, OFFSETS[1:], id="from the second"),
        pytest.param(None, 10, OFFSETS[:-1], id="to the last but one"),
        pytest.param(2, 8, (2, 3, 4, 7, 8), id="both bounds are included"),
        pytest.param(5, 9, (7, 8), id="bounds in holes"),
        pytest.param(9, 9, (), id="one day, a hole"),
        pytest.param(8, 8, (8,), id="one day"),
        pytest.param(0, 0, (0,), id="the first alone"),
        pytest.param(11, 11, (11,), id="the last alone"),
        pytest.param(None, -1, (), id="before the first"),
        pytest.param(12, None, (), id="after the last"),
        pytest.param(-9, -1, (), id="both before the first"),
        pytest.param(12, 20, (), id="both after the last"),
        pytest.param(8, 2, (), id="bounds the wrong way round"),
        pytest.param(20, -9, (), id="so far the wrong way round that both are outside"),
    ],
)
def test_between(start: int | None, end: int | None, expected: tuple[int, ...]) -> None:
    days = [None if offset is None else MONDAY + timedelta(days=offset) for offset in (start, end)]
    part = FORTNIGHT.between(*days)
    assert offsets_of(part) == list(expected)
    assert part == PackedBars.pack([bar(offset) for offset in expected])
    assert (part is FORTNIGHT) == (expected == OFFSETS)


@pytest.mark.parametrize("bounds", [(None, None), (MONDAY, None), (None, MONDAY), (MONDAY, MONDAY)], ids=["none", "start", "end", "both"])
def test_no_bars_between_anything(bounds: tuple[date | None, date | None]) -> None:
    assert len(PackedBars(b"").between(*bounds)) == 0


def test_the_farthest_days_are_bounds_like_others() -> None:
    assert FORTNIGHT.between(date.min, date.max) is FORTNIGHT


def test_no_bars_are_empty() -> None:
    empty = PackedBars.pack([])
    assert (len(empty), empty.data, empty.bars(), empty.days()) == (0, b"", [], [])
    assert [list(empty.column(name)) for name in COLUMNS] == [[]] * len(COLUMNS)


@pytest.mark.parametrize("count", [1, 50, 1000, 2147])
def test_a_beginning_has_the_digest_of_the_same_bars_packed_alone(packed: dict[str, PackedBars], count: int) -> None:
    bars = packed["GOOG"].bars()[:count]
    beginning = packed["GOOG"].between(end=bars[-1].day)
    assert beginning.sha256 == PackedBars.pack(bars).sha256 == hashlib.sha256(beginning.data).hexdigest()
    assert beginning.sha256 != packed["GOOG"].sha256


@pytest.mark.parametrize("column", COLUMNS)
def test_every_number_changes_the_digest(column: str) -> None:
    changed = {**bar(3).__dict__, column: 11.25}
    bars = [Bar(**changed) if offset == 3 else bar(offset) for offset in OFFSETS]
    assert PackedBars.pack(bars).sha256 != FORTNIGHT.sha256


def test_a_day_changes_the_digest() -> None:
    later = {**bar(11).__dict__, "day": MONDAY + timedelta(days=12)}
    assert PackedBars.pack([*(bar(offset) for offset in OFFSETS[:-1]), Bar(**later)]).sha256 != FORTNIGHT.sha256


@pytest.mark.parametrize("count", [1, 100, 3269, 3270])
def test_a_series_is_its_older_bars_followed_by_its_newer(packed: dict[str, PackedBars], count: int) -> None:
    whole = packed["AAPL"]
    older, newer = whole.rows(0, count), whole.rows(count, len(whole))
    assert older.followed_by(newer) == whole
    assert older.in_common_with(whole) == whole.in_common_with(older) == count


@pytest.mark.parametrize("column", COLUMNS)
def test_bars_are_in_common_up_to_the_first_number_that_differs(packed: dict[str, PackedBars], column: str) -> None:
    bars = packed["AAPL"].bars()
    bars[40] = replace(bars[40], **{column: 1e9})
    bars[50] = replace(bars[50], volume=1e9)
    assert packed["AAPL"].in_common_with(PackedBars.pack(bars)) == 40


def test_a_missing_number_is_the_same_as_a_missing_number() -> None:
    missing = PackedBars.pack([bar(0, float("nan")), bar(1, float("nan"))])
    assert missing.in_common_with(missing.rows(0, 2)) == 2
