"""Histories of different bases are merged to what the whole history would be."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.companies import BARS, Company, Source, arrays, bases, companies, day_of_bar

from analysis.bars import adjusted_bars
from features.prices.adjustment import adjustment_of
from features.prices.histories import History, merge_histories
from models.corporate_action import USER, ActionKind, CorporateAction, StoredAction
from models.day_text import day_text
from models.footing import UNKNOWN, Bases, Basis
from models.price_series import PackedBars

AS_TRADED = Bases(Basis.AS_TRADED, Basis.AS_TRADED)
RESTATED = Bases(Basis.SPLIT_ADJUSTED, Basis.SPLIT_ADJUSTED)
SPLIT = Company(5, splits=((150, 2.0),))


def stored(action: CorporateAction, action_id: str) -> StoredAction:
    return StoredAction(action_id, action, USER, datetime(2026, 1, 1, tzinfo=UTC))


def split(at: int, numerator: int, denominator: int = 1) -> CorporateAction:
    return CorporateAction(day_of_bar(at), ActionKind.SPLIT, numerator=numerator, denominator=denominator)


def splits_until(company: Company, end: int) -> list[StoredAction]:
    """The splits that are known on the evening of a bar."""
    ratios = [(at, *(ratio.as_integer_ratio() if ratio != 0.1 else (1, 10))) for at, ratio in company.splits if at < end]
    return [stored(split(*ratio), str(number)) for number, ratio in enumerate(ratios)]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(companies, st.integers(80, BARS - 1), st.integers(2, 60), bases, bases, st.booleans(), st.booleans())
def test_a_history_as_traded_is_extended_by_a_restated_one_and_the_other_way_round(
    company: Company, end: int, overlap: int, first: str, volumes: str, adjusted: bool, is_declared: bool
) -> None:
    """With the splits known, the outcome is that of the whole history restated, whether the file's basis is declared or found out."""
    if len({at for at, _ in company.splits}) != len(company.splits):
        return
    second = "split_adjusted" if first == "as_traded" else "as_traded"
    if second == "as_traded":
        is_declared = True  # nothing on the common days would tell
    old = History(company.export(0, end, Source(first, volumes, adjusted)), Bases(Basis(first), Basis(volumes)))
    file_bases = Bases(Basis(second), Basis(volumes)) if is_declared else UNKNOWN
    new = History(company.export(end - overlap, BARS, Source(second, volumes, adjusted)), file_bases)
    actions = splits_until(company, BARS)
    merged, told = merge_histories(old, new, adjusted, [each.action for each in actions])
    steps = adjustment_of(merged.packed, adjusted, told, actions).steps
    got = adjusted_bars(merged.packed, adjusted, steps)
    whole = company.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted))
    expected = arrays(whole, adjusted)
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(getattr(got, name), expected[name], rtol=1e-9, err_msg=name)
    if told.volume is not Basis.UNKNOWN:
        np.testing.assert_allclose(got.volume, expected["volume"], rtol=1e-9)


def test_a_restated_dividend_leaves_no_basis_with_a_name() -> None:
    company = Company(1, dividends=((150, 0.02),))
    packed = [company.export(*rows, Source("as_traded", "as_traded", adjusted=True)) for rows in ((0, 140), (130, BARS))]
    auto_adjusted = [History(with_closes_adjusted(each), Bases(Basis.SPLIT_ADJUSTED, Basis.SPLIT_ADJUSTED)) for each in packed]
    merged, told = merge_histories(auto_adjusted[0], auto_adjusted[1], False, [])
    assert merged.rescaled is not None
    assert math.isclose(merged.rescaled.price, 0.98, rel_tol=1e-12)
    assert told == Bases(Basis.UNKNOWN, Basis.SPLIT_ADJUSTED)


def with_closes_adjusted(packed: PackedBars) -> PackedBars:
    """As yfinance exports: prices adjusted for dividends too, and no adjusted close beside."""
    columns = np.frombuffer(packed.data, dtype=np.float64).reshape(7, len(packed)).copy()
    columns[1:5] *= columns[5] / columns[4]
    columns[5] = np.nan
    return PackedBars(columns.tobytes())


@pytest.mark.parametrize(
    ("old", "file"),
    [
        pytest.param((120, BARS, RESTATED), (0, 120, AS_TRADED), id="an older file as traded"),
        pytest.param((0, 120, AS_TRADED), (120, BARS, RESTATED), id="a newer file restated"),
    ],
)
def test_without_a_common_day_known_splits_restate_what_is_as_traded(old: tuple[int, int, Bases], file: tuple[int, int, Bases]) -> None:
    histories = []
    for begin, end, known in (old, file):
        exported = SPLIT.export(begin, end, Source(known.price, known.volume, adjusted=False))
        histories.append(History(exported, known))
    merged, told = merge_histories(histories[0], histories[1], False, [split(150, 2)])
    expected = arrays(SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=False)), False)
    assert told == RESTATED
    for name, values in expected.items():
        np.testing.assert_allclose(arrays(merged.packed, False)[name], values, rtol=1e-12, err_msg=name)


def test_an_older_file_tells_the_split_and_not_its_inverse() -> None:
    source = Source("split_adjusted", "split_adjusted", adjusted=False)
    newer, older = SPLIT.export(100, BARS, source), SPLIT.export(0, 140, source)
    merged, _ = merge_histories(History(newer, UNKNOWN), History(older, UNKNOWN), False, [])
    (found,) = merged.actions
    assert (found.kind, found.numerator, found.denominator) == (ActionKind.SPLIT, 2, 1)
    assert found.effective_day == day_of_bar(140)  # the first day after the file


def test_the_amount_of_a_dividend_is_that_of_the_day() -> None:
    company = Company(1, dividends=((150, 0.05),))
    source = Source("as_traded", "as_traded", adjusted=True)
    packed = [with_closes_adjusted(company.export(*rows, source)) for rows in ((0, 150), (130, BARS))]
    merged, _ = merge_histories(History(packed[0], UNKNOWN), History(packed[1], UNKNOWN), False, [])
    assert merged.actions[0].amount == pytest.approx(0.05 * company.export(0, BARS, source).column("close")[149])
    assert merged.rescaled is not None
    assert merged.rescaled.actions == [f"dividend 5% effective {day_text(day_of_bar(150))}"]


def test_what_a_dividend_has_restated_is_of_no_known_basis_for_good() -> None:
    """A later split does not make it split-adjusted: a dividend that is told would be applied a second time."""
    company = Company(1, splits=((200, 2.0),), dividends=((150, 0.02),))
    source = Source("split_adjusted", "split_adjusted", adjusted=True)
    parts = [with_closes_adjusted(company.export(*rows, source)) for rows in ((0, 140), (130, 180), (170, BARS))]
    history = History(parts[0], RESTATED)
    for part in parts[1:]:
        merged, told = merge_histories(history, History(part, UNKNOWN), False, [])
        history = History(merged.packed, told)
    assert history.bases == Bases(Basis.UNKNOWN, Basis.SPLIT_ADJUSTED)
