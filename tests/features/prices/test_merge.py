"""Merging ends on one footing: extending a series gives the same as uploading the whole restated history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.companies import BARS, Company, Source, arrays, bases, companies, day_of_bar

from features.prices.merge import merge, split_of
from models.day_text import day_text
from models.price_errors import BasesDiffer
from models.price_series import COLUMNS, PackedBars


@settings(max_examples=400, derandomize=True, deadline=None)
@given(companies, st.integers(80, BARS - 1), st.integers(1, 60), bases, bases, st.booleans())
def test_extending_is_the_same_as_uploading_the_whole(
    company: Company, stored: int, overlap: int, prices: str, volumes: str, adjusted: bool
) -> None:
    source = Source(prices, volumes, adjusted)
    old = company.export(0, stored, source)
    new = company.export(stored - overlap, BARS, source)
    whole = company.export(0, BARS, source)
    merged = merge(old, new, adjusted)
    assert merged.packed.days() == whole.days()
    got, expected = arrays(merged.packed, adjusted), arrays(whole, adjusted)
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-9, err_msg=name)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(companies, st.integers(80, BARS - 1), st.integers(1, 60), bases, bases, st.booleans())
def test_rounded_files_merge_as_well_as_their_decimals_allow(
    company: Company, stored: int, overlap: int, prices: str, volumes: str, adjusted: bool
) -> None:
    source = Source(prices, volumes, adjusted, decimals=6)
    merged = merge(company.export(0, stored, source), company.export(stored - overlap, BARS, source), adjusted)
    got, expected = arrays(merged.packed, adjusted), arrays(company.export(0, BARS, source), adjusted)
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-4, atol=1.0 if name == "volume" else 0.0, err_msg=name)


@pytest.mark.parametrize(
    ("company", "prices", "volumes", "adjusted", "actions", "factors"),
    [
        pytest.param(Company(1), "split_adjusted", "split_adjusted", True, None, None, id="nothing happened"),
        pytest.param(
            Company(1, splits=((150, 1.5),)), "split_adjusted", "split_adjusted", False, ["split 3:2"], (2 / 3, None, 1.5), id="a split"
        ),
        pytest.param(
            Company(1, splits=((150, 0.1),)), "split_adjusted", "as_traded", True, ["split 1:10"], (10, 10, 1), id="a reverse split"
        ),
        pytest.param(Company(1, splits=((150, 4.0),)), "as_traded", "as_traded", True, ["split 4:1"], (1, 0.25, 1), id="closes as traded"),
        pytest.param(
            Company(1, dividends=((150, 0.018),)), "as_traded", "as_traded", True, ["dividend 1.8%"], (1, 0.982, 1), id="a dividend"
        ),
        pytest.param(
            Company(1, splits=((150, 2.0),), dividends=((160, 0.03),)), "split_adjusted", "split_adjusted", True,
            ["split 2:1", "dividend 3%"], (0.5, 0.485, 2), id="both",
        ),
        pytest.param(
            Company(1, splits=((150, 2.0),), dividends=((160, 0.03),)), "as_traded", "split_adjusted", True,
            ["split 2:1", "dividend 3%"], (1, 0.485, 2), id="both, closes as traded",
        ),
    ],
)  # fmt: skip
def test_what_happened_is_told(
    company: Company,
    prices: str,
    volumes: str,
    adjusted: bool,
    actions: list[str] | None,
    factors: tuple[float, float | None, float] | None,
) -> None:
    source = Source(prices, volumes, adjusted)
    old, new = company.export(0, 140, source), company.export(130, BARS, source)
    rescaled = merge(old, new, adjusted).rescaled
    if rescaled is None:
        assert actions is None
        return
    effective = day_of_bar(140)  # the first day after the stored ones
    assert (rescaled.series, rescaled.before) == ("stored", effective)
    # Where closes are as traded, they show the day of the split.
    days = [day_of_bar(150) if action.startswith("split") and prices == "as_traded" else effective for action in actions or []]
    assert rescaled.actions == [f"{action} effective {day_text(day)}" for action, day in zip(actions or [], days, strict=True)]
    assert (rescaled.price, rescaled.adj_close, rescaled.volume) == pytest.approx(factors)


def test_an_older_file_is_brought_to_the_footing_of_the_newest_bar() -> None:
    company = Company(2, splits=((200, 2.0),))
    source = Source("split_adjusted", "split_adjusted", adjusted=False)
    stored, older = company.export(100, BARS, source), company.export(0, 150, source)
    merged = merge(stored, older, False)
    assert merged.rescaled is not None
    assert (merged.rescaled.series, merged.rescaled.price) == ("file", 0.5)
    whole = company.export(0, BARS, source)
    np.testing.assert_allclose(arrays(merged.packed, False)["close"], arrays(whole, False)["close"], rtol=1e-12)


def edited(packed: PackedBars, column: str, row: int, factor: float) -> PackedBars:
    columns = np.frombuffer(packed.data, dtype=np.float64).reshape(1 + len(COLUMNS), len(packed)).copy()
    columns[1 + COLUMNS.index(column), row] *= factor
    return PackedBars(columns.tobytes())


def test_a_stored_bar_of_before_the_close_is_replaced() -> None:
    company = Company(3)
    source = Source("as_traded", "as_traded", adjusted=False)
    old, new = company.export(0, 140, source), company.export(130, BARS, source)
    for column, factor in (("close", 0.98), ("volume", 0.4)):
        old = edited(old, column, -1, factor)
    merged = merge(old, new, False)
    assert [warning.code for warning in merged.warnings] == ["unfinished_bar"]
    assert merged.packed == company.export(0, BARS, source)


@pytest.mark.parametrize(("column", "name"), [("close", "close"), ("adj_close", "adjusted close")])
def test_ratios_that_follow_no_rule_are_refused_with_their_days(column: str, name: str) -> None:
    company = Company(4)
    source = Source("as_traded", "as_traded", adjusted=True)
    old, new = edited(company.export(0, 140, source), column, 134, 1.1), company.export(130, BARS, source)
    with pytest.raises(BasesDiffer) as refused:
        merge(old, new, True)
    assert [day for day, _, _ in refused.value.days] == [old.days()[134]]
    assert f"the {name} of 1 common day," in str(refused.value)


@pytest.mark.parametrize("volume", [5e-324, 1e-300, 1e-9])
def test_volumes_of_next_to_nothing_tell_no_split(volume: float) -> None:
    company, source = Company(3), Source("as_traded", "as_traded", adjusted=False)
    old, new = company.export(0, 140, source), company.export(130, BARS, source)
    for row in range(10):
        new = edited(new, "volume", row, volume / new.column("volume")[row])
    assert merge(old, new, False).rescaled is None


def test_one_common_day_of_a_rounded_file_tells_a_split_exactly() -> None:
    company = Company(7, splits=((150, 4.0),))
    source = Source("split_adjusted", "split_adjusted", adjusted=True, decimals=2)
    rescaled = merge(company.export(0, 140, source), company.export(139, BARS, source), True).rescaled
    assert rescaled is not None
    assert (rescaled.price, rescaled.adj_close, rescaled.volume) == pytest.approx((0.25, 0.25, 4.0), rel=1e-3)
    assert rescaled.adj_close == rescaled.price


@pytest.mark.parametrize(("row", "overlap"), [(134, 10), (139, 10), (139, 1)], ids=["a day", "the newest day", "the only common day"])
def test_revised_volumes_are_taken_over(row: int, overlap: int) -> None:
    company = Company(5)
    source = Source("as_traded", "as_traded", adjusted=False)
    old, new = edited(company.export(0, 140, source), "volume", row, 1.1371), company.export(140 - overlap, BARS, source)
    merged = merge(old, new, False)
    assert (merged.rescaled, merged.packed) == (None, company.export(0, BARS, source))


def test_volumes_that_are_restated_and_revised_at_once() -> None:
    company = Company(5, splits=((150, 4.0),))
    source = Source("split_adjusted", "split_adjusted", adjusted=False)
    old, new = edited(company.export(0, 140, source), "volume", 134, 1.01), company.export(130, BARS, source)
    merged = merge(old, new, False)
    assert merged.rescaled is not None
    assert (merged.rescaled.price, merged.rescaled.volume) == (0.25, 4.0)


def test_without_a_common_day_nothing_is_known() -> None:
    company = Company(6, splits=((150, 2.0),))
    source = Source("split_adjusted", "split_adjusted", adjusted=False)
    merged = merge(company.export(0, 140, source), company.export(140, BARS, source), False)
    assert [warning.code for warning in merged.warnings] == ["no_overlap"]
    assert len(merged.packed) == BARS


@pytest.mark.parametrize(
    ("ratio", "error", "split"),
    [
        (2.0, 0, "2"),
        (1.5, 0, "3/2"),
        (0.1, 0, "1/10"),
        (20.0, 0, "20"),
        (1.0, 0, None),
        (1.018, 1e-6, None),
        (2.0001, 1e-3, "2"),
        (2.0001, 1e-6, None),
    ],
)
def test_a_split_is_a_ratio_of_small_numbers(ratio: float, error: float, split: str | None) -> None:
    found = split_of(ratio, error)
    assert (None if found is None else str(found)) == split
