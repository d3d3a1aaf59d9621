"""Where close and adjusted close part: a mistyped price that comes back, the newest bars, and nothing where a split or a dividend is."""

from __future__ import annotations

import numpy as np
import pytest
from kit.companies import BARS, Company, Source, day_of_bar

from analysis.bars import ADJ_CLOSE, CLOSE, HIGH, LOW, OPEN, columns_of
from analysis.parting import LONGEST_PARTING, parting_warnings, partings_of
from models.price_series import PackedBars

TRADED = Source("as_traded", "as_traded", adjusted=True)
COMPANY = Company(8, splits=((60, 2.0),), dividends=((30, 0.04), (90, 0.05)))


def mistyped(bars: slice, factor: float, *rows: int) -> PackedBars:
    columns = columns_of(COMPANY.export(0, BARS, TRADED)).copy()
    for row in rows:
        columns[row, bars] *= factor
    return PackedBars(columns.tobytes())


def found(packed: PackedBars) -> list[tuple[int, int, str, bool]]:
    return [(each.first, each.end, each.column, each.is_open) for each in partings_of(columns_of(packed))]


def test_splits_and_dividends_part_nothing() -> None:
    assert found(COMPANY.export(0, BARS, TRADED)) == []
    assert list(parting_warnings(COMPANY.export(0, BARS, TRADED), True, ())) == []


@pytest.mark.parametrize("factor", [0.1, 0.5, 1.25, 2.0, 10.0])
@pytest.mark.parametrize("days", range(1, LONGEST_PARTING + 1))
@pytest.mark.parametrize(("rows", "column"), [((CLOSE,), "close"), ((OPEN, HIGH, LOW, CLOSE), "close"), ((ADJ_CLOSE,), "adjusted close")])
def test_what_comes_back_is_mistyped(factor: float, days: int, rows: tuple[int, ...], column: str) -> None:
    packed = mistyped(slice(120, 120 + days), factor, *rows)
    assert found(packed) == [(120, 120 + days, column, False)]
    (warning,) = parting_warnings(packed, True, ())
    assert (warning.code, warning.day) == ("parted_closes", day_of_bar(120))
    assert f"the {column} is" in warning.message


@pytest.mark.parametrize("days", range(1, LONGEST_PARTING + 1))
def test_the_newest_bars_may_be_mistyped_unless_a_split_is_known(days: int) -> None:
    packed = mistyped(slice(BARS - days, BARS), 2.0, CLOSE)
    assert found(packed) == [(BARS - days, BARS, "close", True)]
    day = day_of_bar(BARS - days)
    (warning,) = parting_warnings(packed, True, ())
    assert (warning.code, warning.day) == ("parted_newest", day)
    assert list(parting_warnings(packed, True, (day,))) == []


def test_what_lasts_is_no_mistyped_price() -> None:
    assert found(mistyped(slice(120, 121 + LONGEST_PARTING), 2.0, CLOSE)) == []


def test_several_are_counted_and_the_last_is_dated() -> None:
    columns = columns_of(mistyped(slice(100, 101), 2.0, CLOSE)).copy()
    columns[CLOSE, 110:112] *= 10
    (warning,) = parting_warnings(PackedBars(columns.tobytes()), True, ())
    assert "the last of 2 times" in warning.message
    assert warning.day == day_of_bar(110)


def test_without_adjusted_closes_there_is_nothing_to_part() -> None:
    columns = columns_of(mistyped(slice(100, 101), 2.0, CLOSE)).copy()
    columns[ADJ_CLOSE] = np.nan
    assert list(parting_warnings(PackedBars(columns.tobytes()), False, ())) == []
