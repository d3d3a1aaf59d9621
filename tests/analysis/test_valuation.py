"""What a portfolio is worth each day and what it gains, beside each day counted by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kit.ledgers import BASE, FIRST, Ledger, closes, count_by_hand, entry, random_ledger, weekdays

from analysis.entries import TYPES, Entry
from analysis.gains import PARTS, gains_between, return_of
from analysis.time_weighted import chained
from analysis.valuation import valuate
from models.corporate_action import Split
from models.portfolio import TransactionType
from models.price_series import number_of

seeds = st.integers(0, 100_000)


@given(seeds, st.booleans())
def test_each_day_is_what_it_comes_to_by_hand(seed: int, with_cash: bool) -> None:
    ledger = random_ledger(seed, with_cash=with_cash)
    valued = ledger.valued()
    days = valued.market.days.tolist()
    counted = count_by_hand(ledger, days)
    assert len(valued.unvalued) == 0
    np.testing.assert_allclose(valued.value, [each.value for each in counted], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(valued.flows, [each.flow for each in counted], rtol=1e-9, atol=1e-6)
    start, end = len(days) // 3, len(days) - 2
    for first, last in ((0, len(days) - 1), (start, end), (end, end + 1)):
        gains = gains_between(valued, first, last)
        for part in PARTS:
            assert float(gains.parts[part]) == pytest.approx(sum(getattr(each, part) for each in counted[first + 1 : last + 1]), abs=1e-5)
        assert sum(gains.parts.values()) == gains.total
        holdings = gains.holdings
        np.testing.assert_allclose(holdings.total.sum(), float(gains.total), atol=1e-5)
        np.testing.assert_allclose(holdings.start.sum() + valued.cash[first], valued.value[first], atol=1e-6)
        np.testing.assert_allclose(holdings.end.sum() + valued.cash[last], valued.value[last], atol=1e-6)


@given(seeds, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_transactions_changes_nothing(seed: int, with_cash: bool, random: object) -> None:
    ledger = random_ledger(seed, with_cash=with_cash)
    mixed = list(ledger.entries)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    ours, theirs = ledger.valued(), ledger.but(mixed).valued()
    assert ours.value.tobytes() == theirs.value.tobytes()
    assert ours.flows.tobytes() == theirs.flows.tobytes()


@given(seeds, st.booleans(), st.floats(0.01, 1000))
def test_more_of_everything_changes_no_return(seed: int, with_cash: bool, scale: float) -> None:
    ledger = random_ledger(seed, with_cash=with_cash)
    more = [
        replace(each, quantity=each.quantity * scale, gross=each.gross * scale, fee=each.fee * scale, tax=each.tax * scale)
        for each in ledger.entries
    ]
    ours, theirs = ledger.valued(), ledger.but(more).valued()
    np.testing.assert_allclose(theirs.growth.factors, ours.growth.factors, rtol=1e-7)


# Ghostfolio, portfolio-calculator-googl-buy.spec.ts: bought for 89.12 USD at a rate of 0.9238, worth 116.45 at 0.8854, with a fee of 1 USD.
BOUGHT, NOW = date(2023, 1, 3), date(2023, 7, 10)


def googl(fee: float = 1.0) -> Ledger:
    held = closes("GOOGL", [89.12, 116.45], currency="USD")
    days = np.array([BOUGHT, NOW], "datetime64[D]")
    held = type(held)("GOOGL", "USD", None, days, held.delivered, is_traded=False, splits=())
    buy = entry(BOUGHT, "buy", "GOOGL", quantity=1.0, gross=89.12, fee=fee, currency="USD")
    return Ledger([buy], {"GOOGL": held}, {"USD": np.array([0.9238, 0.8854])}, days)


def test_ghostfolios_share_in_a_foreign_currency() -> None:
    ledger = googl()
    valued = ledger.valued()
    assert valued.value[-1] == pytest.approx(103.10483)
    start, end = 0, len(valued.market.days) - 1
    gains = gains_between(valued, start, end)
    assert float(gains.total) == pytest.approx(19.851974)  # netPerformanceWithCurrencyEffect
    assert float(gains.parts["fees"]) == pytest.approx(-0.9238)  # feeInBaseCurrency
    assert float(gains.total - gains.parts["fees"]) == pytest.approx(20.775774)  # grossPerformanceWithCurrencyEffect


def test_a_return_is_made_of_local_currency_and_both() -> None:
    """The same share, over one step: (1 + local)(1 + currency) − 1."""
    ledger = googl(fee=0.0)
    valued = ledger.valued()
    bought = int(np.searchsorted(valued.market.days, np.datetime64(BOUGHT)))
    only = [0, bought, len(valued.market.days) - 1]
    rows = np.zeros(len(valued.market.days), dtype=bool)
    rows[only] = True
    entries = valued.entries
    holdings = gains_between(valuate(entries, ledger.added(entries), valued.market.on(rows)), 1, 2).holdings
    local, currency = 116.45 / 89.12 - 1, 0.8854 / 0.9238 - 1
    whole, interaction = return_of(local, currency)
    assert whole == pytest.approx(0.25235044599563974109)  # grossPerformancePercentageWithCurrencyEffect
    assert local == pytest.approx(0.3066651705565529623)  # grossPerformancePercentage
    start = holdings.start[0]
    assert (holdings.local[0] / start, holdings.currency[0] / start) == (pytest.approx(local), pytest.approx(currency))
    assert holdings.interaction[0] / start == pytest.approx(interaction)


def test_ghostfolios_share_with_a_dividend() -> None:
    """Theirs: portfolio-calculator-msft-buy-with-dividend.spec.ts. They leave the dividend out of the performance, we count it apart."""
    held = closes("MSFT", [298.58, 331.83])
    days = np.array([date(2021, 9, 16), date(2023, 7, 10)], "datetime64[D]")
    held = type(held)("MSFT", "USD", None, days, held.delivered, is_traded=False, splits=())
    entries = [
        entry(date(2021, 9, 16), "buy", "MSFT", quantity=1.0, gross=298.58, fee=19.0),
        entry(date(2021, 11, 16), "dividend", "MSFT", gross=0.62),
    ]
    held = type(held)("MSFT", BASE, None, days, held.delivered, is_traded=False, splits=())
    valued = Ledger(entries, {"MSFT": held}).valued()
    gains = gains_between(valued, 0, len(valued.market.days) - 1)
    assert gains.parts == {
        "capital": Decimal("33.25"), "dividends": Decimal("0.62"), "interest": Decimal(0),
        "fees": Decimal(-19), "taxes": Decimal(0), "fx": Decimal(0),
    }  # fmt: skip
    assert float(gains.total - gains.parts["dividends"]) == pytest.approx(14.25)  # netPerformance


def test_ghostfolios_partial_sale() -> None:
    """Theirs: portfolio-calculator-novn-buy-and-sell-partially.spec.ts."""
    days = np.array([date(2022, 3, 7), date(2022, 4, 8), date(2022, 4, 11)], "datetime64[D]")
    held = closes("NOVN.SW", [75.80, 85.73, 87.80])
    held = type(held)("NOVN.SW", BASE, None, days, held.delivered, is_traded=False, splits=())
    entries = [
        entry(date(2022, 3, 7), "buy", "NOVN.SW", quantity=2.0, gross=151.60, fee=1.30),
        entry(date(2022, 4, 8), "sell", "NOVN.SW", quantity=1.0, gross=85.73, fee=2.95),
    ]
    valued = Ledger(entries, {"NOVN.SW": held}).valued()
    gains = gains_between(valued, 0, len(valued.market.days) - 1)
    assert float(gains.total) == pytest.approx(17.68)  # netPerformance
    assert float(gains.parts["capital"]) == pytest.approx(21.93)  # grossPerformance
    assert valued.value[-1] == pytest.approx(87.8)


def test_portfolio_performances_purchases_of_an_index_return_what_it_does() -> None:
    """Theirs: testThatPerformanceOfAnInvestmentIntoAnIndexIsIdenticalToIndex. Shares come at their worth, and go on as all others."""
    path = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, 85)))
    days = weekdays(85).tolist()
    entries = [entry(days[at], "transfer_in", "INDEX", quantity=100.0, gross=1.0) for at in range(0, 85, 14)]
    valued = Ledger(entries, {"INDEX": closes("INDEX", path)}).valued()
    growth = chained(valued.growth.factors)
    assert growth[-1] == pytest.approx(path[-1] / path[0], rel=1e-12)


def test_an_account_that_joins_changes_no_return() -> None:
    """Its shares and its cash come at what they are worth on the day."""
    ledger = random_ledger(7, with_cash=True)
    joined = FIRST + timedelta(days=50)
    more = [
        entry(joined, "transfer_in", "CCC", quantity=900.0, gross=1.0, currency="USD"),
        entry(joined, "transfer_in", gross=25_000.0),
    ]
    both = ledger.but([*ledger.entries, *more])
    ours, theirs = ledger.valued(), both.valued()
    at = {day: place for place, day in enumerate(ours.market.days.tolist())}
    growths = dict(zip(theirs.market.days.tolist(), chained(theirs.growth.factors).tolist(), strict=True))
    until = [day for day in at if day <= joined]
    alone = chained(ours.growth.factors)
    assert len(until) > 30
    assert [growths[day] for day in until] == pytest.approx([alone[at[day]] for day in until], rel=1e-12)


@given(seeds, st.integers(15, 45))
def test_an_account_with_the_same_in_it_changes_no_return_on_any_day(seed: int, at: int) -> None:
    """All that the first holds on a day comes once more: from then on both grow as the first does alone."""
    joined = weekdays(60)[at].item()
    full = random_ledger(seed, with_cash=True)
    ledger = full.but([each for each in full.entries if each.day < number_of(joined)])
    shares, cash = held_by(ledger.entries)
    assume(shares)
    currencies = {ticker: held.currency or BASE for ticker, held in full.held.items()}
    more = [entry(joined, "transfer_in", ticker, quantity=held, gross=1.0, currency=currencies[ticker]) for ticker, held in shares]
    for name, amount in cash:
        more.append(entry(joined, "transfer_in" if amount > 0 else "transfer_out", gross=abs(amount), currency=name))
    alone, both = ledger.valued(), ledger.but([*ledger.entries, *more]).valued()
    np.testing.assert_array_equal(both.market.days, alone.market.days)
    after = alone.market.days >= np.datetime64(joined)
    np.testing.assert_allclose(both.value, alone.value * np.where(after, 2, 1), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(chained(both.growth.factors), chained(alone.growth.factors), rtol=1e-9)


def held_by(entries: Sequence[Entry]) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """What a ledger without splits has at its end: shares by ticker, and cash by currency."""
    shares: dict[str, float] = defaultdict(float)
    cash: dict[str, float] = defaultdict(float)
    for each in entries:
        type_ = TYPES[each.type]
        sign = 1 if type_ in (TransactionType.BUY, TransactionType.TRANSFER_IN) else -1
        cash[each.currency] -= each.fee + each.tax
        if each.ticker is not None and type_ in (*TRADES, *TRANSFERS):
            shares[each.ticker] += sign * each.quantity
            cash[each.currency] -= sign * each.gross if type_ in TRADES else 0.0
        else:
            cash[each.currency] += each.gross if type_ in COMING_IN else -each.gross
    return [pair for pair in shares.items() if pair[1]], [pair for pair in cash.items() if pair[1]]


TRADES = (TransactionType.BUY, TransactionType.SELL)
TRANSFERS = (TransactionType.TRANSFER_IN, TransactionType.TRANSFER_OUT)
COMING_IN = (TransactionType.DEPOSIT, TransactionType.DIVIDEND, TransactionType.INTEREST)


def test_without_deposits_purchases_are_paid_in() -> None:
    days = weekdays(4).tolist()
    ledger = Ledger(
        [
            entry(days[0], "buy", "AAA", quantity=10.0, gross=100.0, fee=1.0),
            entry(days[1], "dividend", "AAA", gross=5.0, tax=1.0),
            entry(days[2], "sell", "AAA", quantity=10.0, gross=120.0, fee=2.0),
        ],
        {"AAA": closes("AAA", [10.0, 11.0, 12.0, 13.0])},
    )
    valued = ledger.valued()
    assert valued.market.days.tolist() == [days[0] - timedelta(days=1), *days]
    assert valued.value.tolist() == [0.0, 100.0, 110.0, 0.0, 0.0]
    assert valued.flows.tolist() == [0.0, 101.0, -4.0, -118.0, 0.0]
    growth = valued.growth
    assert growth.factors.tolist() == pytest.approx([100 / 101, 114 / 100, 118 / 110, 1.0])
    assert not growth.without_capital.any()


def test_a_deposit_that_is_booked_after_the_purchases_leaves_no_day_without_capital() -> None:
    days = weekdays(4).tolist()
    ledger = Ledger(
        [entry(days[0], "buy", "AAA", quantity=10.0, gross=100.0), entry(days[2], "deposit", gross=130.0)],
        {"AAA": closes("AAA", [10.0, 11.0, 12.0, 15.0])},
    )
    valued = ledger.valued()
    assert valued.value.tolist() == [0.0, 0.0, 10.0, 150.0, 180.0]
    assert valued.flows.tolist() == [0.0, 0.0, 0.0, 130.0, 0.0]
    # 100 are owed until the deposit, which leaves 30 in cash.
    assert valued.growth.factors.tolist() == pytest.approx([1.0, 110 / 100, 150 / 140, 180 / 150])
    assert not valued.growth.without_capital.any()


def test_before_its_first_close_a_share_costs_what_was_paid() -> None:
    days = weekdays(6).tolist()
    entries = [
        entry(days[0], "buy", "AAA", quantity=10.0, gross=100.0),
        entry(days[2], "buy", "AAA", quantity=10.0, gross=120.0),
    ]
    late = closes("AAA", [15.0, 16.0], first=days[4])
    assert Ledger(entries, {"AAA": late}).valued().value[1:].tolist() == [100.0, 240.0, 300.0, 320.0]
    assert Ledger(entries, {}).valued().value.tolist() == [0.0, 100.0, 240.0]


def test_shares_without_a_price_that_have_left_take_no_more_days() -> None:
    days = weekdays(8).tolist()
    spun = [entry(days[2], "transfer_in", "SPUN", quantity=3.0), entry(days[4], "transfer_out", "SPUN", quantity=3.0)]
    entries = [entry(days[0], "buy", "AAA", quantity=1.0, gross=10.0), *spun]
    late = {"AAA": closes("AAA", [10.0] * 8), "SPUN": closes("SPUN", [5.0], first=days[7])}
    for held in (late, {"AAA": late["AAA"]}):
        valued = Ledger(entries, held).valued()
        assert valued.unvalued.tolist() == days[2:4]
        assert valued.market.days[-1].item() == days[7]
    assert Ledger(entries[:2], late).valued().unvalued.tolist() == days[2:7]


def test_days_without_a_rate_have_no_value_and_what_happened_counts_on_the_next() -> None:
    days = weekdays(8).tolist()
    entries = [
        entry(days[0], "deposit", gross=1_000.0),
        entry(days[1], "buy", "AAA", quantity=10.0, gross=100.0, currency="USD"),
        entry(days[4], "deposit", gross=50.0),
    ]
    rates = np.array([0.9, 0.9, 0.9, np.nan, np.nan, np.nan, 0.9, 0.9])
    ledger = Ledger(entries, {"AAA": closes("AAA", [10.0] * 8, currency="USD")}, {"USD": rates}, weekdays(8))
    valued = ledger.valued()
    assert valued.unvalued.tolist() == [days[3], days[4], days[5]]
    assert valued.market.days.tolist() == [days[0] - timedelta(days=1), *days[:3], *days[6:]]
    assert valued.flows.tolist() == [0.0, 1_000.0, 0.0, 0.0, 50.0, 0.0]
    assert valued.value.tolist() == pytest.approx([0.0, 1_000.0, 1_000.0, 1_000.0, 1_050.0, 1_050.0])


def test_without_any_rate_there_is_a_value_until_one_is_needed() -> None:
    days = weekdays(6).tolist()
    entries = [entry(days[0], "deposit", gross=1_000.0), entry(days[2], "buy", "AAA", quantity=1.0, gross=9.0, currency="USD")]
    valued = Ledger(entries, {"AAA": closes("AAA", [10.0] * 6, currency="USD")}).valued()
    assert valued.market.days.tolist() == [days[0] - timedelta(days=1), days[0]]
    assert len(valued.entries) == 1


def test_pence_are_hundredths_of_a_pound() -> None:
    days = weekdays(3).tolist()
    entries = [entry(days[0], "buy", "VOD.L", quantity=10.0, gross=1_000.0, currency="GBp")]
    ledger = Ledger(entries, {"VOD.L": closes("VOD.L", [100.0, 110.0, 120.0], currency="GBp")}, {"GBP": np.full(3, 1.2)}, weekdays(3))
    assert ledger.valued().value[1:].tolist() == pytest.approx([12.0, 13.2, 14.4])


def test_a_delisted_share_keeps_its_last_price_and_weekdays_are_valued() -> None:
    days = weekdays(3).tolist()
    entries = [entry(days[0], "buy", "GONE", quantity=10.0, gross=100.0), entry(days[0] + timedelta(days=20), "deposit", gross=5.0)]
    valued = Ledger(entries, {"GONE": closes("GONE", [10.0, 11.0, 12.0])}).valued()
    assert valued.market.days.tolist()[1:] == [*weekdays(15).tolist(), days[0] + timedelta(days=20)]
    assert valued.value[-1] == 120.0 - 100.0 + 5.0


@given(seeds, st.booleans(), st.integers(0, 59), st.sampled_from([(2, 1), (3, 2), (1, 4)]), st.booleans())
def test_a_split_on_any_day_changes_no_value(seed: int, with_cash: bool, at: int, terms: tuple[int, int], is_own: bool) -> None:
    """On all bases of the prices, whether it is reported or the ledger's own."""
    ledger = random_ledger(seed, with_cash=with_cash)
    plain = ledger.valued()
    day = weekdays(60)[at].item()
    split = Split(day, *terms)
    entries = [
        replace(each, quantity=each.quantity * split.ratio) if each.ticker == "BBB" and each.day >= number_of(day) else each
        for each in ledger.entries
    ]
    held = ledger.held["BBB"]
    shares = np.where(held.days >= np.datetime64(day), split.ratio, 1.0)
    for is_traded in (True, False):
        delivered = held.delivered / (shares if is_traded else split.ratio)
        told = replace(held, delivered=delivered, is_traded=is_traded, splits=() if is_own else (split,))
        splits = {"BBB": (split,)} if is_own else {}
        with_split = replace(ledger, entries=entries, held={**ledger.held, "BBB": told}, splits=splits).valued()
        np.testing.assert_allclose(with_split.value, plain.value, rtol=1e-12, atol=1e-9)
        np.testing.assert_allclose(with_split.flows, plain.flows, rtol=1e-12, atol=1e-9)
        np.testing.assert_allclose(with_split.growth.factors, plain.growth.factors, rtol=1e-11)


def test_nobody_sells_more_than_there_is() -> None:
    """A split that became known later can make an old sale one of more than was held."""
    days = weekdays(5).tolist()
    entries = [
        entry(days[0], "buy", "AAA", quantity=10.0, gross=100.0),
        entry(days[1], "sell", "AAA", quantity=30.0, gross=300.0),
        entry(days[2], "buy", "AAA", quantity=5.0, gross=50.0),
    ]
    valued = Ledger(entries, {"AAA": closes("AAA", [10.0] * 5)}).valued()
    assert valued.value[1:].tolist() == [100.0, 0.0, 50.0, 50.0, 50.0]
