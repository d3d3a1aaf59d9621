"""What holds of the books of any ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from kit.portfolios import RECORDED

from analysis.lots import Terms, book
from analysis.quantities import quantities
from models.books import Books
from models.corporate_action import Split
from models.portfolio import CostMethod, Transaction, TransactionType

FIRST, DAYS = date(2020, 1, 1), 20
UNTIL = FIRST + timedelta(days=DAYS + 1)
MONEY = st.decimals("0.01", "5000", places=2)
QUANTITIES = st.decimals("0.0000000001", "1000", places=10)
COARSE = st.decimals("0.0001", "1000", places=4)  # whose parts are far from the last digit, at which they are rounded
SMALL = st.decimals("0", "5", places=2)
DAYS_OF = st.integers(0, DAYS - 1).map(lambda day: FIRST + timedelta(days=day))
TICKERS = st.sampled_from(["A", "B"])
CURRENCIES = st.sampled_from(["USD", "EUR"])


@st.composite
def ledgers(draw: st.DrawFn, quantities: st.SearchStrategy[Decimal] = QUANTITIES) -> list[Transaction]:
    """Purchases, sales of a part of what is held then, income and costs, at most a few of each on a day."""
    held: dict[str, Decimal] = {}
    found: list[Transaction] = []
    for number, day in enumerate(sorted(draw(st.lists(DAYS_OF, min_size=1, max_size=14)))):
        ticker, currency = draw(TICKERS), draw(CURRENCIES)
        kind = draw(st.sampled_from([TransactionType.BUY, TransactionType.SELL, TransactionType.DIVIDEND, TransactionType.FEE]))
        told: dict[str, Any] = {"ticker": ticker}
        if kind is TransactionType.SELL and not held.get(ticker):
            kind = TransactionType.BUY
        if kind in (TransactionType.DIVIDEND, TransactionType.FEE):
            told["amount"] = draw(MONEY)
        else:
            quantity = draw(quantities)
            if kind is TransactionType.SELL:
                quantity = min(quantity, held[ticker])
            held[ticker] = held.get(ticker, Decimal(0)) + (quantity if kind is TransactionType.BUY else -quantity)
            told |= {"quantity": quantity, "price": draw(MONEY), "fee": draw(SMALL), "tax": draw(SMALL)}
        place = {"id": f"{number:04}", "since_version": 2, "recorded_at": RECORDED}
        found.append(Transaction(type=kind, day=day, currency=currency, **told, **place))
    return found


def booked(ledger: list[Transaction], method: CostMethod = CostMethod.FIFO, splits: dict[str, list[Split]] | None = None) -> Books:
    rates = {"EUR": Decimal("1.1")}
    return book(ledger, splits or {}, Terms("USD", method, UNTIL, lambda currency, day: rates.get(currency)))


def sold_out(ledger: list[Transaction]) -> list[Transaction]:
    """A ledger at whose end everything that is held is sold."""
    last = UNTIL - timedelta(days=1)
    place = {"since_version": 2, "recorded_at": RECORDED}
    sales = [
        Transaction(
            type=TransactionType.SELL, day=last, currency="USD", ticker=ticker, quantity=held, price=Decimal(7), id=f"z{ticker}", **place
        )
        for ticker, held in booked(ledger).held().items()
    ]
    return ledger + sales


@given(ledgers(), st.randoms(use_true_random=False), st.sampled_from(CostMethod))
def test_the_order_in_which_transactions_come_changes_nothing(ledger: list[Transaction], random: Any, method: CostMethod) -> None:
    shuffled = list(ledger)
    random.shuffle(shuffled)
    assert booked(shuffled, method) == booked(ledger, method)


@given(ledgers(), st.randoms(use_true_random=False), st.sampled_from(CostMethod))
def test_nor_do_the_ids_of_those_of_a_day(ledger: list[Transaction], random: Any, method: CostMethod) -> None:
    ids = [each.id for each in ledger]
    random.shuffle(ids)
    renamed = [replace(each, id=id_) for each, id_ in zip(ledger, ids, strict=True)]
    first, second = booked(ledger, method), booked(renamed, method)
    assert [(lot.acquired, lot.quantity, lot.cost) for lot in first.lots] == [(lot.acquired, lot.quantity, lot.cost) for lot in second.lots]
    assert [(each.sold, each.gain, each.gain_base) for each in first.realised] == [
        (each.sold, each.gain, each.gain_base) for each in second.realised
    ]
    assert (first.cash, first.moves) == (second.cash, second.moves)


@given(ledgers(COARSE), st.integers(-1, DAYS), st.sampled_from(CostMethod))
def test_a_split_on_any_day_changes_no_cost_and_no_gain(ledger: list[Transaction], on: int, method: CostMethod) -> None:
    day = FIRST + timedelta(days=on)
    restated = [
        each
        if each.quantity is None or each.price is None or each.day < day
        else replace(each, quantity=2 * each.quantity, price=each.price / 2)
        for each in ledger
    ]
    plain, split = booked(ledger, method), booked(restated, method, {ticker: [Split(day, 2, 1)] for ticker in "AB"})
    assert [(lot.ticker, lot.acquired) for lot in plain.lots] == [(lot.ticker, lot.acquired) for lot in split.lots]
    # On average, a sale takes a part of what was bought in each currency, which is rounded at the last digit of a quantity.
    digit, money = (Decimal(0), Decimal(0)) if method is CostMethod.FIFO else (Decimal("1E-9"), Decimal("0.00001"))
    for lot, other in zip(plain.lots, split.lots, strict=True):
        assert abs(2 * lot.quantity - other.quantity) <= digit
        assert abs(lot.cost - other.cost) <= money
        assert abs((lot.cost_base or 0) - (other.cost_base or 0)) <= money
    for sale, other_sale in zip(plain.realised, split.realised, strict=True):
        for name in ("proceeds", "cost", "gain_base"):
            assert abs(getattr(sale, name) - getattr(other_sale, name)) <= money
    assert (plain.cash, plain.oversold) == (split.cash, split.oversold)


@given(ledgers(), st.sampled_from([Decimal(10), Decimal("0.1"), Decimal(1000)]), st.sampled_from(CostMethod))
def test_scaling_money_scales_everything(ledger: list[Transaction], factor: Decimal, method: CostMethod) -> None:
    def scaled(each: Transaction) -> Transaction:
        money = {name: getattr(each, name) for name in ("price", "amount", "fee", "tax")}
        return replace(each, **{name: None if value is None else value * factor for name, value in money.items()})

    plain, larger = booked(ledger, method), booked(list(map(scaled, ledger)), method)
    assert larger.cash == {currency: amount * factor for currency, amount in plain.cash.items()}
    smallest = Decimal(10) ** -14
    for mine, other in zip(plain.lots, larger.lots, strict=True):
        assert (mine.quantity, abs(mine.cost * factor - other.cost) < smallest) == (other.quantity, True)
    for sale, other_sale in zip(plain.realised, larger.realised, strict=True):
        assert abs(sale.proceeds * factor - other_sale.proceeds) < smallest
        assert abs(sale.cost * factor - other_sale.cost) < smallest


@given(ledgers())
def test_all_that_was_bought_is_in_lots_or_was_sold(ledger: list[Transaction]) -> None:
    bought = sum((each.quantity or Decimal(0) for each in ledger if each.type is TransactionType.BUY), Decimal(0))
    spent = sum((each.gross + each.fee + each.tax for each in ledger if each.type is TransactionType.BUY), Decimal(0))
    for method in CostMethod:
        books = booked(ledger, method)
        assert sum((lot.quantity for lot in books.lots), Decimal(0)) + sum((each.quantity for each in books.realised), Decimal(0)) == bought
        assert sum((lot.cost for lot in books.lots), Decimal(0)) + sum((each.cost for each in books.realised), Decimal(0)) == spent
        assert books.oversold == ()


@given(ledgers())
def test_once_all_is_sold_both_methods_come_to_the_same(ledger: list[Transaction]) -> None:
    whole = sold_out(ledger)
    fifo, average = booked(whole), booked(whole, CostMethod.AVERAGE)
    assert (fifo.lots, average.lots) == ((), ())
    assert fifo.cash == average.cash
    gains = [sum((each.gain_base or Decimal(0) for each in books.realised), Decimal(0)) for books in (fifo, average)]
    assert gains[0] == gains[1]


@given(ledgers(), st.integers(1, 9), st.integers(1, 9))
def test_lots_add_up_to_what_is_held_after_any_split(ledger: list[Transaction], numerator: int, denominator: int) -> None:
    splits = {ticker: [Split(UNTIL, numerator, denominator)] for ticker in "AB"}
    before = booked(ledger).held()
    held = [booked(ledger, method, splits).held() for method in CostMethod]
    assert held[0] == held[1]
    for ticker, quantity in held[0].items():
        assert abs(quantity - before[ticker] * numerator / denominator) <= Decimal("0.00000000005")


@given(ledgers(), st.integers(-1, DAYS), st.integers(0, 13), st.sampled_from(CostMethod))
def test_shares_are_counted_as_the_books_have_them(ledger: list[Transaction], on: int, missing: int, method: CostMethod) -> None:
    # Without one of its transactions, and with a split that leaves fractions, a ledger may sell more than is held.
    some = [each for number, each in enumerate(ledger) if number != missing]
    splits = {"A": [Split(FIRST + timedelta(days=on), 2, 3)]}
    books, counted = booked(some, method, splits), quantities(some, splits, UNTIL)
    assert counted.held == {ticker: quantity for ticker, quantity in books.held().items() if quantity}
    assert (counted.moves, counted.oversold) == (books.moves, books.oversold)
