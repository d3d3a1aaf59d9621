"""Closes for what is held: one footing for all bases, and splits wherever they are told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.companies import BARS as BARS_OF_COMPANY
from kit.companies import Company, Source, day_of_bar
from kit.splits import BARS, FIRST, SPLIT_AT, SPLIT_DAY, price, restated_file, tell_split, traded_file
from kit.support import Client

import database
from analysis.bars import CLOSE, DAYS, columns_of
from analysis.held import HeldCloses
from app import Application
from features.prices import service as prices
from features.prices.providers.sample import SampleProvider
from features.prices.sample import load_if_empty
from models.api_key import FIRST_ORG
from models.corporate_action import Split
from models.errors import TickerNotFound

ON_THE_DAYS = np.datetime64(FIRST, "D") + np.arange(BARS)
SHARES_OF_THE_DAY = np.array([price(at) / (2.0 if at >= SPLIT_AT else 1.0) for at in range(BARS)])
TOLD = (Split(SPLIT_DAY, 2, 1),)


def held(ticker: str) -> HeldCloses:
    with database.reader() as reader:
        return prices.held_closes(reader, FIRST_ORG, ticker)


@pytest.mark.parametrize(
    ("query", "file", "is_traded"),
    [
        pytest.param("?price_basis=as_traded", traded_file(), True, id="as traded"),
        pytest.param("?price_basis=split_adjusted", restated_file(), False, id="restated for splits"),
        pytest.param("", restated_file(), False, id="nobody says, and they do not jump"),
        pytest.param("", traded_file(), True, id="nobody says, and they jump"),
        pytest.param("", traded_file(adjusted=True), True, id="with adjusted closes, which nobody gets"),
    ],
)
def test_each_basis_gives_the_closes_of_the_newest_share_and_of_each_days(client: Client, query: str, file: str, is_traded: bool) -> None:
    assert client.put(f"/prices/HELD{query}", file).status_code == 200
    tell_split(client, "HELD")
    found = held("HELD")
    assert (found.ticker, found.is_traded, found.splits, found.last_day) == ("HELD", is_traded, TOLD, FIRST + timedelta(days=BARS - 1))
    np.testing.assert_allclose(found.closes, [price(at) / 2 for at in range(BARS)], rtol=1e-15)
    np.testing.assert_allclose(found.on(ON_THE_DAYS), SHARES_OF_THE_DAY, rtol=1e-15)
    with database.read() as connection:
        assert prices.held_closes(connection, FIRST_ORG, "HELD").digest == found.digest


def test_distributions_do_not_change_them(client: Client) -> None:
    client.put("/prices/HELD?price_basis=as_traded", traded_file())
    before = held("HELD")
    client.post("/prices/HELD/actions", {"effective_day": str(SPLIT_DAY), "kind": "dividend", "amount": 1.5})
    assert held("HELD").digest == before.digest


def test_a_split_after_the_newest_bar_divides_the_close_that_is_carried(client: Client) -> None:
    client.put("/prices/HELD?price_basis=split_adjusted", restated_file())
    last = FIRST + timedelta(days=BARS - 1)
    told: dict[str, Any] = {"effective_day": str(last + timedelta(days=3)), "kind": "split", "numerator": 3, "denominator": 1}
    assert client.post("/prices/HELD/actions", told).status_code == 201
    found = held("HELD")
    assert found.closes[-1] == price(BARS - 1) / 2  # for one share of its day
    days = np.datetime64(last, "D") + np.arange(5)
    assert (found.on(days) / found.closes[-1]).tolist() == pytest.approx([1, 1, 1, 1 / 3, 1 / 3], rel=1e-15)


def test_before_the_first_close_there_is_none(client: Client) -> None:
    client.put("/prices/HELD", restated_file())
    assert np.isnan(held("HELD").on(np.array([FIRST - timedelta(days=1)], dtype="datetime64[D]"))).all()


def test_an_organizations_word_on_a_split_counts_for_shared_prices_too(client: Client) -> None:
    assert held("IBM").splits == ()
    assert (
        client.post("/prices/IBM/actions", {"effective_day": "2014-06-09", "kind": "split", "numerator": 7, "denominator": 1}).status_code
        == 201
    )
    assert held("IBM").splits == (Split(date(2014, 6, 9), 7, 1),)
    with database.reader() as reader:
        assert prices.known_splits(reader, FIRST_ORG, ["GOOG", "IBM"]) == {"IBM": held("IBM").splits}
        assert prices.held_closes(reader, FIRST_ORG + 1, "IBM").splits == ()


def test_several_are_read_at_once(client: Client) -> None:
    client.put("/prices/HELD", restated_file())
    with database.reader() as reader:
        found = prices.held_closes_of(reader, FIRST_ORG, ["HELD", "AAPL", "NONE"])
        assert prices.held_closes_of(reader, FIRST_ORG, []) == {}
    assert set(found) == {"HELD", "AAPL"}
    assert found["AAPL"].digest == held("AAPL").digest


def test_a_ticker_without_prices_is_not_found(client: Client) -> None:
    with pytest.raises(TickerNotFound):
        held("NONE")


ratios = st.sampled_from([2.0, 1.5, 4.0, 0.1, 3.0, 20.0, 7.0, 1.25])
at_bars = st.integers(1, BARS_OF_COMPANY - 1)


@given(st.integers(0, 10_000), st.dictionaries(at_bars, ratios, max_size=3))
def test_a_split_on_any_day_is_the_same_on_all_bases(seed: int, ratio_by_bar: dict[int, float]) -> None:
    company = Company(seed, tuple(ratio_by_bar.items()))
    splits = tuple(Split(day_of_bar(at), *ratio.as_integer_ratio()) for at, ratio in sorted(ratio_by_bar.items()))

    def told(basis: str) -> HeldCloses:
        columns = columns_of(company.export(0, BARS_OF_COMPANY, Source(basis, basis, adjusted=False)))
        return HeldCloses("X", None, None, columns[DAYS].view("datetime64[D]"), columns[CLOSE], basis == "as_traded", splits)

    traded, restated = told("as_traded"), told("split_adjusted")
    days = np.datetime64(day_of_bar(0), "D") + np.arange(400)
    np.testing.assert_allclose(traded.closes, restated.closes, rtol=1e-12)
    np.testing.assert_allclose(traded.on(days), restated.on(days), rtol=1e-12)
    np.testing.assert_allclose(traded.on(traded.days), traded.delivered, rtol=1e-12)


def test_whoever_knows_better_replaces_the_splits() -> None:
    days = np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="datetime64[D]")
    wrong, right = (Split(date(2024, 1, 2), 2, 1),), (Split(date(2024, 1, 2), 3, 1),)
    traded = HeldCloses("X", None, None, days, np.array([30.0, 10.0, 11.0]), is_traded=True, splits=wrong)
    assert traded.on(days, right).tolist() == [30.0, 10.0, 11.0]
    restated = HeldCloses("X", None, None, days, np.array([10.0, 10.0, 11.0]), is_traded=False, splits=wrong)
    assert restated.on(days, right).tolist() == pytest.approx([30.0, 10.0, 11.0])


def test_the_splits_of_the_sample_are_known(app: Application) -> None:
    load_if_empty(app.services.database, SampleProvider())
    apple = held("AAPL")
    assert apple.splits == (Split(date(2000, 6, 21), 2, 1), Split(date(2005, 2, 28), 2, 1))
    assert apple.is_traded
    before, after = apple.on(np.array(["2005-02-25", "2005-02-28"], "datetime64[D]"))
    assert (before, after) == (88.99, 44.86)
    assert 2 * after / before == pytest.approx(1.0, abs=0.02)
