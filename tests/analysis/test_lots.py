"""Lots, gains, income and cash of a ledger, against figures that others have published, and by their rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from kit.portfolios import entry

from analysis.lots import Terms, book, joined_splits
from models.books import Books
from models.corporate_action import Split
from models.portfolio import CostMethod, Transaction

UNTIL = date(2026, 1, 1)


def booked(
    *ledger: Transaction, method: str = "fifo", base: str = "USD", splits: dict[str, list[Split]] | None = None, until: date = UNTIL
) -> Books:
    rates = {"CHF": Decimal("0.9"), "GBP": Decimal("1.2"), "EUR": Decimal("1.1")}
    return book(ledger, splits or {}, Terms(base, CostMethod(method), until, lambda currency, day: rates.get(currency)))


def test_msft_with_a_dividend() -> None:
    """Ghostfolio, apps/api/src/app/portfolio/calculator/roai/portfolio-calculator-msft-buy-with-dividend.spec.ts.

    1 share at 298.58 with a fee of 19, a dividend of 0.62, worth 331.83: 33.25 gross, 14.25 after the fee.
    """
    ledger = (
        entry(1, "buy", "2021-09-16", ticker="MSFT", quantity="1", price="298.58", fee="19"),
        entry(2, "dividend", "2021-11-16", ticker="MSFT", amount="0.62"),
    )
    books = booked(*ledger)
    (lot,) = books.lots
    assert (lot.quantity, lot.cost, lot.acquired) == (1, Decimal("317.58"), date(2021, 9, 16))
    assert (Decimal("331.83") - lot.cost, Decimal("331.83") - (lot.cost - Decimal(19))) == (Decimal("14.25"), Decimal("33.25"))
    assert [(each.ticker, each.gross, each.net) for each in books.income] == [("MSFT", Decimal("0.62"), Decimal("0.62"))]
    assert books.cash == {"USD": Decimal("-316.96")}
    assert [(each.amount, each.in_cost) for each in books.charges] == [(19, True)]


def test_novn_sold_in_part_and_whole() -> None:
    """Ghostfolio, roai/portfolio-calculator-novn-buy-and-sell-partially.spec.ts and …-buy-and-sell.spec.ts.

    2 shares at 75.80. One sold at 85.73, fees of 4.25 in all, and worth 87.80: 21.93 gross, 17.68 net. Both sold: a gain of 19.86.
    """
    first = entry(1, "buy", "2022-03-07", ticker="NOVN.SW", quantity="2", price="75.8", fee="1.3", currency="CHF")
    part = entry(2, "sell", "2022-04-08", ticker="NOVN.SW", quantity="1", price="85.73", fee="2.95", currency="CHF")
    books = booked(first, part, base="CHF")
    (sale,), (lot,) = books.realised, books.lots
    # 9.93 before the fees, of which half of the purchase's and all of the sale's belong to the share that was sold.
    assert (sale.cost, sale.proceeds, sale.gain, sale.holding_days) == (Decimal("76.45"), Decimal("82.78"), Decimal("6.33"), 32)
    assert (lot.quantity, lot.cost) == (1, Decimal("76.45"))
    assert sale.gain + Decimal("87.8") - lot.cost == Decimal("17.68")
    assert sum(each.amount for each in books.charges) == Decimal("4.25")
    whole = (
        entry(1, "buy", "2022-03-07", ticker="NOVN.SW", quantity="2", price="75.8", currency="CHF"),
        entry(2, "sell", "2022-04-08", ticker="NOVN.SW", quantity="2", price="85.73", currency="CHF"),
    )
    books = booked(*whole, base="CHF")
    assert (books.lots, sum(each.gain or 0 for each in books.realised)) == ((), Decimal("19.86"))


def test_baln_bought_twice_and_sold_twice() -> None:
    """Ghostfolio, roai/portfolio-calculator-baln-buy-and-sell-in-two-activities.spec.ts: a gain of -12.6, of -15.8 after fees of 3.2."""
    ledger = (
        entry(1, "buy", "2021-11-22", ticker="BALN.SW", quantity="2", price="142.9", fee="1.55", currency="CHF"),
        entry(2, "sell", "2021-11-30", ticker="BALN.SW", quantity="1", price="136.6", fee="1.65", currency="CHF"),
        entry(3, "sell", "2021-11-30", ticker="BALN.SW", quantity="1", price="136.6", fee="0", currency="CHF"),
    )
    for method in CostMethod:
        books = booked(*ledger, base="CHF", method=method)
        assert (books.lots, sum(each.gain or 0 for each in books.realised)) == ((), Decimal("-15.8"))
        assert sum(each.amount for each in books.charges) == Decimal("3.2")


def test_googl_in_francs() -> None:
    """Ghostfolio, roai/portfolio-calculator-googl-buy.spec.ts: worth 116.45 USD, or 103.10483 CHF, and a net gain of 19.851974 CHF."""
    bought = entry(1, "buy", "2023-01-03", ticker="GOOGL", quantity="1", price="89.12", fee="1", fx_rate="0.9238")
    (lot,) = booked(bought, base="CHF").lots
    assert (lot.currency, lot.cost, lot.cost_base) == ("USD", Decimal("90.12"), Decimal("83.252856"))
    assert Decimal("103.10483") - Decimal("83.252856") == Decimal("19.851974")


def test_btcusd_sold_in_part() -> None:
    """Ghostfolio, roai/portfolio-calculator-btcusd-buy-and-sell-partially.spec.ts: worth 13657.20, a gain of 27172.74."""
    ledger = (
        entry(1, "buy", "2015-01-01", ticker="BTC-USD", quantity="2", price="320.43"),
        entry(2, "sell", "2017-12-31", ticker="BTC-USD", quantity="1", price="14156.4"),
    )
    (sale,), (lot,) = (books := booked(*ledger)).realised, books.lots
    assert (sale.gain, sale.holding_days, lot.quantity, lot.cost) == (Decimal("13835.97"), 1095, 1, Decimal("320.43"))
    assert sale.gain + Decimal("13657.2") - lot.cost == Decimal("27172.74")


def test_nvda_bought_before_a_split_and_sold_after() -> None:
    """Ghostfolio, roai/portfolio-calculator-nvda-buy-with-split-and-sell.spec.ts: 1 for 1200, 10:1, 10 at 125: a gain of 50."""
    ledger = (
        entry(1, "buy", "2024-06-03", ticker="NVDA", quantity="1", price="1200"),
        entry(2, "sell", "2024-06-14", ticker="NVDA", quantity="10", price="125"),
    )
    for method in CostMethod:
        books = booked(*ledger, splits={"NVDA": [Split(date(2024, 6, 10), 10, 1)]}, method=method)
        assert ([each.gain for each in books.realised], books.lots, books.oversold) == ([50], (), ())


def test_jnug_bought_and_sold_twice() -> None:
    """Ghostfolio, roai/portfolio-calculator-jnug-buy-and-sell-and-buy-and-sell.spec.ts: 43.95 gross, 39.95 after four fees of 1."""
    ledger = (
        entry(1, "buy", "2025-12-11", ticker="JNUG", quantity="10", amount="1885.05", fee="1"),
        entry(2, "sell", "2025-12-18", ticker="JNUG", quantity="10", amount="1890", fee="1"),
        entry(3, "buy", "2025-12-18", ticker="JNUG", quantity="10", amount="2041.1", fee="1"),
        entry(4, "sell", "2025-12-28", ticker="JNUG", quantity="10", amount="2080.1", fee="1"),
    )
    for method in CostMethod:
        books = booked(*ledger, method=method)
        assert sum(each.gain or 0 for each in books.realised) == Decimal("39.95")
        assert books.cash == {"USD": Decimal("39.95")}


def test_parts_sold_twice_reconcile_with_cash() -> None:
    """Ghostfolio, roai/portfolio-calculator-average-price-after-partial-sell.spec.ts: 8 left at 87.8, and -137.6 in all."""
    ledger = (
        entry(1, "buy", "2022-03-01", ticker="NOVN.SW", quantity="10", price="100"),
        entry(2, "sell", "2022-03-07", ticker="NOVN.SW", quantity="4", price="120"),
        entry(3, "buy", "2022-03-14", ticker="NOVN.SW", quantity="6", price="200"),
        entry(4, "sell", "2022-04-08", ticker="NOVN.SW", quantity="4", price="220"),
    )
    for method in CostMethod:
        books = booked(*ledger, method=method)
        cost = sum(lot.cost for lot in books.lots)
        assert books.held() == {"NOVN.SW": 8}
        assert sum(each.gain or 0 for each in books.realised) + 8 * Decimal("87.8") - cost == Decimal("-137.6")


LADDER = (
    entry(1, "buy", "2020-01-02", ticker="T", quantity="10", price="10", fee="5"),
    entry(2, "buy", "2020-02-03", ticker="T", quantity="10", price="20", fee="5"),
    entry(3, "sell", "2020-03-02", ticker="T", quantity="15", price="30", fee="3", tax="2"),
)


def test_fifo_takes_the_oldest_and_average_the_same_part_of_each() -> None:
    fifo, average = booked(*LADDER), booked(*LADDER, method="average")
    # The proceeds of 445 are shared by quantity: 296.67 for ten and 148.33 for five.
    assert [(each.quantity, each.cost, each.lot_transaction_id) for each in fifo.realised] == [
        (10, 105, "0001"),
        (5, Decimal("102.5"), "0002"),
    ]
    assert [round(each.proceeds, 2) for each in fifo.realised] == [Decimal("296.67"), Decimal("148.33")]
    assert sum(each.proceeds for each in fifo.realised) == 445
    assert [(lot.quantity, lot.cost, lot.acquired) for lot in fifo.lots] == [(5, Decimal("102.5"), date(2020, 2, 3))]
    (sale,), (lot,) = average.realised, average.lots
    assert (sale.quantity, sale.cost, sale.proceeds, sale.holding_days) == (15, Decimal("232.5"), 445, None)
    assert (lot.quantity, lot.cost, lot.acquired, lot.transaction_id) == (5, Decimal("77.5"), date(2020, 1, 2), None)
    assert fifo.cash == average.cash == {"USD": Decimal("135")}


def test_transfers_keep_cost_and_realise_nothing() -> None:
    ledger = (
        entry(1, "buy", "2020-05-04", ticker="T", quantity="4", price="50"),
        entry(2, "transfer_in", "2020-06-01", ticker="T", quantity="6", price="10", acquired="2011-03-01", fee="2"),
        entry(3, "transfer_out", "2020-07-01", ticker="T", quantity="7"),
        entry(4, "transfer_in", "2020-07-02", amount="500"),
        entry(5, "transfer_out", "2020-07-03", amount="20"),
    )
    books = booked(*ledger)
    # The older shares, which came later, leave first.
    assert [(lot.quantity, lot.cost, lot.acquired) for lot in books.lots] == [(3, 150, date(2020, 5, 4))]
    assert books.realised == ()
    flows = [(each.ticker, each.quantity, each.amount) for each in books.flows]
    assert flows == [("T", 6, 60), ("T", -6, -60), ("T", -1, -50), (None, None, 500), (None, None, -20)]
    assert books.cash == {"USD": Decimal("278")}
    assert [each.in_cost for each in books.charges] == [False]


def test_a_split_is_applied_at_the_start_of_its_day_and_by_ticker() -> None:
    splits = {"T": [Split(date(2020, 6, 1), 4, 1)], "OTHER": [Split(date(2020, 6, 1), 2, 1)]}
    ledger = (
        entry(1, "buy", "2020-05-04", ticker="T", quantity="3", price="40"),
        entry(2, "buy", "2020-06-01", ticker="T", quantity="1", price="10"),  # in new shares
        entry(3, "buy", "2020-05-04", ticker="UNSPLIT", quantity="3", price="40"),
    )
    books = booked(*ledger, splits=splits)
    assert [(lot.ticker, lot.quantity, lot.cost) for lot in books.lots] == [("T", 12, 120), ("T", 1, 10), ("UNSPLIT", 3, 120)]
    before = booked(*ledger, splits=splits, until=date(2020, 5, 31))
    assert before.held() == {"T": 3, "UNSPLIT": 3}
    after = booked(*ledger[::2], splits=splits, until=date(2020, 6, 1))
    assert after.held() == {"T": 12, "UNSPLIT": 3}  # with no transaction of the day
    assert [(move.day, move.held) for move in after.moves if move.ticker == "T"] == [(date(2020, 5, 4), 3), (date(2020, 6, 1), 12)]


def test_a_split_of_the_ledger_replaces_that_of_its_day() -> None:
    splits = {"T": [Split(date(2020, 6, 1), 4, 1), Split(date(2021, 6, 1), 2, 1)]}
    own = entry(2, "split", "2020-06-01", ticker="T", numerator=3, denominator=2)
    books = booked(entry(1, "buy", "2020-05-04", ticker="T", quantity="4", price="1"), own, splits=splits)
    assert books.held() == {"T": 12}


@pytest.mark.parametrize(
    ("own", "counted"),
    [
        ([Split(date(2020, 5, 31), 4, 1)], [Split(date(2020, 6, 1), 4, 1), Split(date(2021, 6, 1), 4, 1)]),
        ([Split(date(2020, 6, 11), 8, 2)], [Split(date(2020, 6, 1), 4, 1), Split(date(2021, 6, 1), 4, 1)]),
        ([Split(date(2020, 6, 12), 4, 1)], [Split(date(2020, 6, 1), 4, 1), Split(date(2020, 6, 12), 4, 1), Split(date(2021, 6, 1), 4, 1)]),
        ([Split(date(2020, 6, 2), 2, 1)], [Split(date(2020, 6, 1), 4, 1), Split(date(2020, 6, 2), 2, 1), Split(date(2021, 6, 1), 4, 1)]),
        ([Split(date(2020, 6, 1), 1, 1)], [Split(date(2020, 6, 1), 1, 1), Split(date(2021, 6, 1), 4, 1)]),
        (
            [Split(date(2020, 6, 1), 2, 1), Split(date(2020, 6, 1), 4, 1)],
            [Split(date(2020, 6, 1), 2, 1), Split(date(2020, 6, 1), 4, 1), Split(date(2021, 6, 1), 4, 1)],
        ),
    ],
    ids=["a day earlier", "ten days later", "later still", "of another ratio", "taken back", "two of its own"],
)
def test_a_split_that_the_ledger_dates_otherwise_counts_once(own: list[Split], counted: list[Split]) -> None:
    assert joined_splits(own, [Split(date(2020, 6, 1), 4, 1), Split(date(2021, 6, 1), 4, 1)]) == counted


def test_fractions_of_a_split_are_rounded_so_that_lots_add_up() -> None:
    bought = [entry(number, "buy", "2020-05-04", ticker="T", quantity="1", price=str(number)) for number in range(1, 8)]
    splits = {"T": [Split(date(2020, 6, 1), 1, 3)]}
    for method in CostMethod:
        books = booked(*bought, splits=splits, method=method)
        assert books.held() == {"T": Decimal("2.3333333333")}
        assert sum(lot.cost for lot in books.lots) == 28
        sold = booked(
            *bought, entry(9, "sell", "2020-07-01", ticker="T", quantity="2.3333333333", price="30"), splits=splits, method=method
        )
        assert (sold.lots, sold.oversold) == ((), ())
        assert sum(each.gain or 0 for each in sold.realised) == Decimal("69.999999999") - 28


def test_pence_are_booked_in_pounds() -> None:
    ledger = (
        entry(1, "buy", "2020-05-04", ticker="VOD.L", quantity="100", price="120.5", fee="50", currency="GBp", fx_rate="0.0125"),
        entry(2, "dividend", "2020-06-04", ticker="VOD.L", amount="3.75", currency="GBP"),
    )
    books = booked(*ledger)
    (lot,) = books.lots
    assert (lot.currency, lot.cost, lot.cost_base) == ("GBP", 121, Decimal("151.25"))
    assert books.cash == {"GBP": Decimal("-117.25")}
    assert books.income[0].net_base == Decimal("4.5")  # by the rate of the day


def test_what_has_no_rate_is_told_and_not_guessed() -> None:
    ledger = (
        entry(1, "buy", "2020-05-04", ticker="T", quantity="2", price="10", currency="SEK"),
        entry(2, "sell", "2020-06-04", ticker="T", quantity="1", price="15", currency="SEK"),
    )
    books = booked(*ledger)
    assert (books.unconverted, books.lots[0].cost_base) == ({"SEK": date(2020, 5, 4)}, None)
    (sale,) = books.realised
    assert (sale.gain, sale.gain_base, sale.currency_gain) == (5, None, None)


def test_a_gain_has_a_part_that_is_the_currencys() -> None:
    ledger = (
        entry(1, "buy", "2020-05-04", ticker="T", quantity="2", price="10", currency="EUR", fx_rate="1"),
        entry(2, "sell", "2020-06-04", ticker="T", quantity="2", price="15", currency="EUR", fx_rate="1.2"),
    )
    (sale,) = booked(*ledger).realised
    assert (sale.gain, sale.gain_base, sale.currency_gain) == (10, 16, 4)  # 10 euros at 1.2, and 20 euros that rose by 0.2


def test_more_than_is_held_is_told_and_takes_what_there_is() -> None:
    ledger = (
        entry(1, "buy", "2020-05-04", ticker="T", quantity="2", price="10"),
        entry(2, "sell", "2020-06-04", ticker="T", quantity="5", price="10"),
        entry(3, "transfer_out", "2020-06-05", ticker="NEVER", quantity="1"),
    )
    books = booked(*ledger)
    assert [(each.transaction_id, each.wanted, each.held) for each in books.oversold] == [("0002", 5, 2), ("0003", 1, 0)]
    assert [(each.quantity, each.proceeds) for each in books.realised] == [(2, 20)]
    assert books.cash == {"USD": 30}


def test_costs_by_themselves_and_refunds() -> None:
    ledger = (
        entry(1, "fee", "2020-05-04", amount="12"),
        entry(2, "tax", "2020-05-05", amount="-3.5", ticker="T"),
        entry(3, "interest", "2020-05-06", amount="4", tax="1"),
        entry(4, "deposit", "2020-05-01", amount="100", fee="0.5"),
        entry(5, "withdrawal", "2020-05-07", amount="10"),
    )
    books = booked(*ledger)
    assert books.cash == {"USD": Decimal("84")}
    assert sum(each.amount for each in books.charges) == Decimal("10")
    assert [each.amount for each in books.flows] == [100, -10]


@pytest.mark.parametrize("method", CostMethod)
def test_shares_of_two_currencies_are_kept_apart(method: CostMethod) -> None:
    ledger = (
        entry(1, "buy", "2020-05-04", ticker="T", quantity="2", price="10", currency="EUR", fx_rate="1"),
        entry(2, "buy", "2020-05-05", ticker="T", quantity="2", price="12"),
        entry(3, "sell", "2020-06-04", ticker="T", quantity="3", price="15"),
    )
    books = booked(*ledger, method=method)
    assert {each.cost_currency for each in books.realised} == {"EUR", "USD"}
    for sale in books.realised:
        assert (sale.gain is None) == (sale.cost_currency == "EUR")
    total = sum(each.gain_base or 0 for each in books.realised) - sum(lot.cost_base or 0 for lot in books.lots)
    assert total == 45 - 44
