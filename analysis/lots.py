"""Books a ledger: lots by FIFO or average cost, realised gains, income, costs and cash. Pure, and exact in decimals.

- **Within a day** the order is fixed, so that it does not matter in which one transactions were entered: splits, deposits, transfers in,
  buys, dividends, interest, fees, taxes, sells, transfers out, withdrawals; those of one type by ticker and then by what they say.
- **Costs.** Fees and taxes of a buy are part of the cost, those of a sale reduce its proceeds. A transfer in keeps the cost that it tells,
  one out takes lots along at cost, and neither realises a gain.
- **Rounding.** Products are exact. What is divided (the cost of a part of a lot, the proceeds of a sale over its lots) is rounded half to
  even at AMOUNT_PLACES; the rest keeps the difference, so nothing is lost. A conversion into the base currency is rounded in the same way.
- **Splits** are applied at the start of their day. The quantity of a ticker is rounded half to even at PLACES, and its lots are rounded so
  that they add up to it: FIFO and average hold the same. Cash in lieu of a fraction is booked as a sale.
- **Minor units.** What is told in pence is booked in pounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, localcontext
from typing import NamedTuple, TypeAlias

from analysis.shares import Average, Fifo, OpenLot, Shares, allocated, rounded
from models.books import Books, CashMove, Charge, Flow, Income, Lot, Move, Oversold, Realised
from models.corporate_action import SAME_SPLIT_DAYS, Split
from models.currency import major_of
from models.portfolio import ZERO, CostMethod, Transaction, TransactionType

# Units of the base currency for one of a currency on a day; None where there is no rate.
Rate: TypeAlias = Callable[[str, date], Decimal | None]

PRECISION = Context(prec=100)  # more digits than the product of a quantity, a price and a rate has
ORDER = {
    type_: place
    for place, type_ in enumerate(
        (
            TransactionType.SPLIT,
            TransactionType.DEPOSIT,
            TransactionType.TRANSFER_IN,
            TransactionType.BUY,
            TransactionType.DIVIDEND,
            TransactionType.INTEREST,
            TransactionType.FEE,
            TransactionType.TAX,
            TransactionType.SELL,
            TransactionType.TRANSFER_OUT,
            TransactionType.WITHDRAWAL,
        )
    )
}
_METHODS: dict[CostMethod, Callable[[], Shares]] = {CostMethod.FIFO: Fifo, CostMethod.AVERAGE: Average}


def no_rate(currency: str, day: date) -> None:
    """Knows no rate."""


@dataclass(frozen=True)
class Terms:
    """How a ledger is booked: into which currency, by which method, up to and with which day, and by which rates.

    A rate that a transaction tells comes before that of `rate`.
    """

    base_currency: str
    cost_method: CostMethod
    until: date
    rate: Rate = no_rate


def book(transactions: Iterable[Transaction], splits: Mapping[str, Sequence[Split]], terms: Terms) -> Books:
    """Book a ledger, in any order, with the splits of its tickers and, as `joined_splits` has them, those of its own.

    Nothing is refused: what takes more out than is held takes what there is, and is told in `oversold`.
    """
    with localcontext(PRECISION):
        keeper = _Bookkeeper(terms)
        for each in in_order(transactions, splits, terms.until):
            if isinstance(each, SplitEvent):
                keeper.split(each)
            else:
                keeper.book(each)
        return keeper.books()


class SplitEvent(NamedTuple):
    """A split at the start of its day."""

    day: date
    ticker: str
    numerator: int
    denominator: int


def in_order(transactions: Iterable[Transaction], splits: Mapping[str, Sequence[Split]], until: date) -> Iterator[Transaction | SplitEvent]:
    """What happens to a ledger up to and with a day, in the order in which it is booked."""
    ordered = sorted((each for each in transactions if each.day <= until), key=_place)
    waiting = deque(_split_events(ordered, splits, until))
    for transaction in ordered:
        while waiting and waiting[0].day <= transaction.day:
            yield waiting.popleft()
        yield transaction
    yield from waiting


def splits_in_effect(transactions: Iterable[Transaction], splits: Mapping[str, Sequence[Split]]) -> dict[str, list[Split]]:
    """The splits of each ticker of a ledger, ascending by day, with those of its `split` transactions."""
    own: dict[str, list[Split]] = {}
    tickers = set()
    for each in transactions:
        if each.ticker is not None:
            tickers.add(each.ticker)
            if each.type is TransactionType.SPLIT:
                own.setdefault(each.ticker, []).append(Split(each.day, each.numerator or 1, each.denominator or 1))
    found = {}
    for ticker in tickers & (splits.keys() | own.keys()):
        found[ticker] = joined_splits(own.get(ticker, ()), splits.get(ticker, ()))
    return found


def joined_splits(own: Iterable[Split], reported: Iterable[Split]) -> list[Split]:
    """The splits of a ticker that a ledger tells and those that are reported, each once and ascending by day.

    One of the ledger replaces those reported for its day. Else, of one ratio and about one day, it is the reported one, whose day counts:
    on that day prices as traded jump.
    """
    left, found = list(reported), []
    for told in sorted(own):
        of_ratio = [split for split in left if split.ratio == told.ratio]
        nearest = min(of_ratio, key=lambda split: abs(split.day - told.day), default=told)
        if any(split.day == told.day for split in left) or abs((nearest.day - told.day).days) > SAME_SPLIT_DAYS:
            nearest = told
        left = [split for split in left if split.day != nearest.day]
        found.append(nearest)
    return sorted([*found, *left])


def _split_events(ordered: Sequence[Transaction], splits: Mapping[str, Sequence[Split]], until: date) -> list[SplitEvent]:
    in_effect = splits_in_effect(ordered, splits)
    return sorted(
        SplitEvent(split.day, ticker, split.numerator, split.denominator)
        for ticker, of_ticker in in_effect.items()
        for split in of_ticker
        if split.day <= until
    )


def _place(each: Transaction) -> tuple[object, ...]:
    """Where a transaction stands: it depends on what it says, and only among equals on its id."""
    return (
        each.day,
        ORDER[each.type],
        each.ticker or "",
        each.acquired or each.day,
        each.currency,
        each.price or ZERO,
        each.quantity or ZERO,
        each.amount or ZERO,
        each.fee,
        each.tax,
        each.fx_rate or ZERO,
        each.id,
    )


class _Money(NamedTuple):
    """The amounts of a transaction in its currency, minor units converted, and its rate into the base currency.

    What `is_base` is in the base currency as it is told, so there is nothing to convert or to round.
    """

    currency: str
    gross: Decimal
    fee: Decimal
    tax: Decimal
    rate: Decimal | None
    is_base: bool

    def base(self, amount: Decimal) -> Decimal | None:
        if self.is_base:
            return amount
        return None if self.rate is None else rounded(amount * self.rate)


class _Bookkeeper:
    """Books transactions one after the other."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._shares: dict[str, Shares] = {}
        self._realised: list[Realised] = []
        self._income: list[Income] = []
        self._charges: list[Charge] = []
        self._flows: list[Flow] = []
        self._moves: dict[tuple[date, str], Decimal] = {}
        self._cash_moves: dict[tuple[date, str], Decimal] = {}
        self._cash: dict[str, Decimal] = {}
        self._unconverted: dict[str, date] = {}
        self._rates: dict[tuple[str, date], Decimal | None] = {}
        self._oversold: list[Oversold] = []
        kinds = TransactionType
        self._by_type: dict[TransactionType, Callable[[Transaction], None]] = {
            kinds.BUY: self._buy,
            kinds.SELL: self._sell,
            kinds.DIVIDEND: self._earn,
            kinds.INTEREST: self._earn,
            kinds.FEE: self._pay,
            kinds.TAX: self._pay,
            kinds.DEPOSIT: self._cash_in,
            kinds.WITHDRAWAL: self._cash_out,
            kinds.TRANSFER_IN: lambda each: self._cash_in(each) if each.ticker is None else self._shares_in(each),
            kinds.TRANSFER_OUT: lambda each: self._cash_out(each) if each.ticker is None else self._shares_out(each),
            kinds.SPLIT: lambda each: None,  # at the start of the day
        }

    def book(self, transaction: Transaction) -> None:
        """Book a transaction."""
        self._by_type[transaction.type](transaction)

    def split(self, event: SplitEvent) -> None:
        """Apply a split to what is held."""
        shares = self._shares.get(event.ticker)
        if shares is not None and shares.quantity:
            shares.split(event.numerator, event.denominator)
            self._moves[event.day, event.ticker] = shares.quantity

    def books(self) -> Books:
        """What it has come to."""
        lots = (
            Lot(ticker, lot.acquired, lot.quantity, lot.currency, lot.cost, lot.cost_base, lot.transaction_id)
            for ticker, shares in sorted(self._shares.items())
            for lot in shares.lots()
        )
        return Books(
            lots=tuple(lots),
            realised=tuple(self._realised),
            income=tuple(self._income),
            charges=tuple(self._charges),
            flows=tuple(self._flows),
            moves=tuple(Move(day, ticker, held) for (day, ticker), held in self._moves.items()),
            cash_moves=tuple(CashMove(day, currency, amount) for (day, currency), amount in self._cash_moves.items()),
            cash=dict(sorted(self._cash.items())),
            unconverted=self._unconverted,
            oversold=tuple(self._oversold),
        )

    def _money(self, each: Transaction) -> _Money:
        currency, units = major_of(each.currency)
        rate = self._rate(each, currency, units)
        if units == 1:
            return _Money(currency, each.gross, each.fee, each.tax, rate, currency == self._terms.base_currency)
        return _Money(currency, each.gross / units, each.fee / units, each.tax / units, rate, is_base=False)

    def _rate(self, each: Transaction, currency: str, units: int) -> Decimal | None:
        if currency == self._terms.base_currency:
            return Decimal(1)
        if each.fx_rate is not None:
            return each.fx_rate * units
        key = (currency, each.day)
        if key not in self._rates:
            self._rates[key] = self._terms.rate(currency, each.day)
        if self._rates[key] is None:
            self._unconverted.setdefault(currency, each.day)
        return self._rates[key]

    def _held(self, ticker: str) -> Shares:
        if ticker not in self._shares:
            self._shares[ticker] = _METHODS[self._terms.cost_method]()
        return self._shares[ticker]

    def _add_cash(self, each: Transaction, currency: str, amount: Decimal) -> None:
        self._cash[currency] = self._cash.get(currency, ZERO) + amount
        key = (each.day, currency)
        self._cash_moves[key] = self._cash_moves.get(key, ZERO) + amount

    def _charge(self, each: Transaction, money: _Money, *, in_cost: bool) -> None:
        for type_, amount in ((TransactionType.FEE, money.fee), (TransactionType.TAX, money.tax)):
            if amount:
                place = (each.id, type_, each.day, each.ticker, money.currency)
                self._charges.append(Charge(*place, amount, money.base(amount), in_cost))

    def _buy(self, each: Transaction) -> None:
        money = self._money(each)
        cost = money.gross + money.fee + money.tax
        self._acquire(each, money, cost)
        self._add_cash(each, money.currency, -cost)
        self._charge(each, money, in_cost=True)

    def _acquire(self, each: Transaction, money: _Money, cost: Decimal) -> None:
        assert each.ticker is not None
        assert each.quantity is not None
        shares = self._held(each.ticker)
        shares.add(OpenLot(each.acquired or each.day, each.quantity, money.currency, cost, money.base(cost), each.id))
        self._moves[each.day, each.ticker] = shares.quantity

    def _take(self, each: Transaction) -> list[OpenLot]:
        """The parts of lots that a transaction takes out."""
        assert each.ticker is not None
        assert each.quantity is not None
        shares = self._held(each.ticker)
        if each.quantity > shares.quantity:
            self._oversold.append(Oversold(each.id, each.type, each.day, each.ticker, each.quantity, shares.quantity))
        parts = shares.take(min(each.quantity, shares.quantity))
        self._moves[each.day, each.ticker] = shares.quantity
        return parts

    def _sell(self, each: Transaction) -> None:
        money = self._money(each)
        proceeds = money.gross - money.fee - money.tax
        parts = self._take(each)
        assert each.quantity is not None
        quantities = [part.quantity for part in parts]
        shares = allocated(proceeds, quantities, each.quantity)
        base = money.base(proceeds)
        in_base: Sequence[Decimal | None] = [None] * len(parts) if base is None else allocated(base, quantities, each.quantity)
        self._realised += [_realised(each, money, part, own, own_base) for part, own, own_base in zip(parts, shares, in_base, strict=True)]
        self._add_cash(each, money.currency, proceeds)
        self._charge(each, money, in_cost=True)

    def _earn(self, each: Transaction) -> None:
        money = self._money(each)
        net = money.gross - money.fee - money.tax
        amounts = (money.gross, money.fee, money.tax, net, money.base(money.gross), money.base(net))
        self._income.append(Income(each.id, each.type, each.day, each.ticker, money.currency, *amounts))
        self._add_cash(each, money.currency, net)
        self._charge(each, money, in_cost=False)

    def _pay(self, each: Transaction) -> None:
        money = self._money(each)
        place = (each.id, each.type, each.day, each.ticker, money.currency)
        self._charges.append(Charge(*place, money.gross, money.base(money.gross), in_cost=False))
        self._add_cash(each, money.currency, -money.gross)

    def _cash_in(self, each: Transaction) -> None:
        self._pass_cash(each, 1)

    def _cash_out(self, each: Transaction) -> None:
        self._pass_cash(each, -1)

    def _pass_cash(self, each: Transaction, sign: int) -> None:
        money = self._money(each)
        amount = sign * money.gross
        self._flows.append(Flow(each.id, each.type, each.day, money.currency, amount, money.base(amount)))
        self._add_cash(each, money.currency, amount - money.fee - money.tax)
        self._charge(each, money, in_cost=False)

    def _shares_in(self, each: Transaction) -> None:
        money = self._money(each)
        self._acquire(each, money, money.gross)
        place = (each.id, each.type, each.day, money.currency)
        self._flows.append(Flow(*place, money.gross, money.base(money.gross), each.ticker, each.quantity))
        self._pay_for_transfer(each, money)

    def _shares_out(self, each: Transaction) -> None:
        for part in self._take(each):
            base = None if part.cost_base is None else -part.cost_base
            place = (each.id, each.type, each.day, part.currency)
            self._flows.append(Flow(*place, -part.cost, base, each.ticker, -part.quantity))
        self._pay_for_transfer(each, self._money(each))

    def _pay_for_transfer(self, each: Transaction, money: _Money) -> None:
        if money.fee or money.tax:
            self._add_cash(each, money.currency, -money.fee - money.tax)
            self._charge(each, money, in_cost=False)


def _realised(each: Transaction, money: _Money, part: OpenLot, proceeds: Decimal, proceeds_base: Decimal | None) -> Realised:
    assert each.ticker is not None
    same = part.currency == money.currency
    known = proceeds_base is not None and part.cost_base is not None
    cost_now = money.base(part.cost) if same else None
    return Realised(
        transaction_id=each.id,
        lot_transaction_id=part.transaction_id,
        ticker=each.ticker,
        acquired=part.acquired,
        sold=each.day,
        quantity=part.quantity,
        currency=money.currency,
        proceeds=proceeds,
        cost_currency=part.currency,
        cost=part.cost,
        gain=proceeds - part.cost if same else None,
        proceeds_base=proceeds_base,
        cost_base=part.cost_base,
        gain_base=proceeds_base - part.cost_base if known else None,  # type: ignore[operator]
        currency_gain=None if cost_now is None or part.cost_base is None else cost_now - part.cost_base,
        holding_days=(each.day - part.acquired).days if part.is_of_one_day else None,
    )
