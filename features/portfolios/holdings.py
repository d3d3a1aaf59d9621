"""What a portfolio holds on a day: quantities and costs from its ledger, prices, rates, and the newest verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext

from sqlalchemy import Connection

from analysis.lots import PRECISION
from features.analyses import service as analyses
from features.analyses.service import LatestFacts
from features.portfolios.keeping import BookKeeper
from features.portfolios.quotes import Conversions, quotes_on
from features.portfolios.store.transaction import Ledger
from features.strategies.service import require_known
from models.books import Books, Lot
from models.currency import major_of
from models.day_text import day_text
from models.holding import CashHeld, HeldVerdict, Holding, Holdings, HoldingTotals, Quote
from models.portfolio import ZERO, Portfolio, decimal_text, shortest
from models.record_words import record_words
from utils.clock import today

NEGATIVE_CASH = "It is below 0: deposits, or sales, may not have been booked."


@dataclass(frozen=True)
class HoldingsOrder:
    """Which holdings: of a day, None for today; at a version of the ledger, None for the newest; with verdicts by a strategy."""

    as_of: date | None = None
    version: int | None = None
    strategy: str = "balanced"


def holdings(connection: Connection, keeper: BookKeeper, ledger: Ledger, order: HoldingsOrder) -> Holdings:
    """What a portfolio holds. Verdicts stand beside what is held today.

    Raises StrategyUnknown, PortfolioNotFound, LedgerVersionNotFound or PricesDamaged.
    """
    org_id = ledger.org_id
    require_known(connection, org_id, order.strategy)
    day = order.as_of or today()
    booked = keeper.booked(connection, ledger, day, order.version)
    tickers = sorted(booked.books.held())
    quotes = quotes_on(connection, org_id, tickers, day, booked.splits)
    facts = analyses.latest_facts(connection, org_id, [order.strategy], tickers) if day >= today() else []
    with localcontext(PRECISION):
        conversions = Conversions(connection, org_id, booked.portfolio.base_currency, day)
        valuer = _Valuer(booked.portfolio, conversions, quotes, {each.ticker: each for each in facts}, booked.currencies)
        return _told(booked.portfolio, day, booked.books, valuer)


def _told(portfolio: Portfolio, day: date, books: Books, valuer: _Valuer) -> Holdings:
    by_ticker: dict[str, list[Lot]] = {}
    for lot in books.lots:
        by_ticker.setdefault(lot.ticker, []).append(lot)
    items = [valuer.holding(ticker, lots) for ticker, lots in by_ticker.items()]
    cash = tuple(valuer.cash(currency, amount) for currency, amount in books.cash.items() if amount)
    whole = _sum(item.value_base for item in items)
    owned = whole + (_sum(each.amount_base for each in cash) if books.keeps_cash else ZERO)
    weighed = (replace(item, weight=_share(item, whole), portfolio_weight=_share(item, owned)) for item in items)
    counted = [item for item in items if item.gain_base is not None]
    change_day = max((item.price_day for item in counted if item.price_day is not None), default=None)
    missing = tuple(item.ticker for item in items if item.gain_base is None)
    unconverted = {
        *(lot.currency for lot in books.lots if lot.cost_base is None),
        *(major_of(item.currency)[0] for item in items if item.currency is not None and item.value_base is None),
        *(each.currency for each in cash if each.amount_base is None),
    }
    totals = HoldingTotals(
        value=_sum(item.value_base for item in counted),
        cost=_sum(item.cost_base for item in counted),
        gain=_sum(item.gain_base for item in counted),
        price_gain=_sum(item.price_gain_base for item in counted),
        currency_gain=_sum(item.currency_gain_base for item in counted),
        day_change=_sum(item.day_change_base for item in counted if item.price_day == change_day),
        change_day=change_day,
        cash=_sum(each.amount_base for each in cash),
        complete=not missing and not unconverted,
        missing_tickers=missing,
        missing_currencies=tuple(sorted(unconverted)),
    )
    oversold = (
        f"On {day_text(each.day)} {decimal_text(each.wanted)} of {each.ticker} left, when {shortest(each.held)} were held. See whether a "
        "split is missing, or booked twice."
        for each in books.oversold
    )
    return Holdings(portfolio, day, tuple(weighed), cash, totals, tuple(oversold))


def _share(item: Holding, whole: Decimal) -> float | None:
    return float(item.value_base / whole) if item.value_base is not None and whole > 0 else None


def _sum(values: Iterable[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), ZERO)


@dataclass(frozen=True)
class _Valuer:
    portfolio: Portfolio
    conversions: Conversions
    quotes: Mapping[str, Quote]
    facts: Mapping[str, LatestFacts]
    currencies: Mapping[str, str]  # of prices, where nobody tells

    def cash(self, currency: str, amount: Decimal) -> CashHeld:
        """The cash of a currency."""
        conversion = self.conversions.into_base(currency)
        warnings = ([NEGATIVE_CASH] if amount < 0 else []) + ([conversion.reason] if conversion.reason else [])
        return CashHeld(currency, amount, conversion.of(amount), tuple(warnings))

    def holding(self, ticker: str, lots: Sequence[Lot]) -> Holding:
        """What is held of a ticker."""
        quantity = _sum(lot.quantity for lot in lots)
        currencies = {lot.currency for lot in lots}
        cost_currency = currencies.pop() if len(currencies) == 1 else None
        cost = _sum(lot.cost for lot in lots) if cost_currency is not None else None
        cost_base = None if any(lot.cost_base is None for lot in lots) else _sum(lot.cost_base for lot in lots)
        warnings = []
        if cost_currency is None:
            warnings.append("It was bought in several currencies, so its cost is told in the base currency alone.")
        if cost_base is None:
            warnings.append(
                f"There was no rate into {self.portfolio.base_currency} on the day of a purchase, so its cost there is not known: upload "
                "rates, or correct the transaction with an fx_rate."
            )
        blank = Holding(
            ticker=ticker,
            quantity=quantity,
            acquired=min(lot.acquired for lot in lots),
            lots=len(lots),
            cost_currency=cost_currency,
            cost=cost,
            average_cost=None if cost is None or not quantity else cost / quantity,
            cost_base=cost_base,
        )
        quote = self.quotes.get(ticker)
        if quote is None:
            warnings.append(f"There are no prices of {ticker}, so what it is worth is not known and in no sum. Upload or fetch them.")
            valued = blank
        else:
            valued, more = self._valued(blank, quote)
            warnings += more
        fact = self.facts.get(ticker)
        verdict = None if fact is None else _verdict(fact, quote)
        return replace(valued, verdict=verdict, warnings=tuple(warnings))

    def _valued(self, held: Holding, quote: Quote) -> tuple[Holding, list[str]]:
        """What is held with the price that it has, and what is to be said of it."""
        warnings = [*_of_age(quote), *_of_splits(quote, held.acquired)]
        currency = quote.currency
        if currency is None:
            currency = self.currencies[held.ticker]
            warnings.append(f"Nothing tells in which currency these prices are: {currency} is assumed.")
        conversion = self.conversions.into_base(currency)
        if conversion.reason is not None:
            warnings.append(conversion.reason)
        value = held.quantity * quote.close
        value_base = conversion.of(value)
        gain_base = None if value_base is None or held.cost_base is None else value_base - held.cost_base
        change = None if quote.former is None else conversion.of(held.quantity * (quote.close - quote.former))
        major, units = major_of(currency)
        same = held.cost is not None and held.cost_currency == major
        currency_gain = None
        if same and held.cost is not None and conversion.rate is not None and held.cost_base is not None:
            currency_gain = held.cost * units * conversion.rate - held.cost_base
        elif major == self.portfolio.base_currency and held.cost_currency is not None:
            warnings.append(f"It was bought in {held.cost_currency} and is priced in {currency}, so its gain is not split.")
        return replace(
            held,
            name=quote.name,
            currency=currency,
            price=quote.close,
            price_day=quote.day,
            price_state=quote.state,
            rate=conversion.rate,
            value=value,
            value_base=value_base,
            gain=value / units - held.cost if same and held.cost is not None else None,
            gain_base=gain_base,
            price_gain_base=None if gain_base is None or currency_gain is None else gain_base - currency_gain,
            currency_gain_base=currency_gain,
            gain_percent=float(100 * gain_base / held.cost_base) if gain_base is not None and held.cost_base else None,
            day_change_base=change,
            day_change_percent=float(100 * (quote.close / quote.former - 1)) if quote.former else None,
        ), warnings


def _of_age(quote: Quote) -> list[str]:
    """What is to be said of a price that is not of the newest day that there can be."""
    if quote.state == "late":
        return [f"The price is carried from {day_text(quote.day)}: {quote.days_behind} trading days are missing."]
    if quote.state == "stale":
        return [
            f"The last price is of {day_text(quote.day)}, {quote.days_behind} trading days ago, and is kept. If it is no longer traded, "
            "book what became of it: a sale, or a transfer_out."
        ]
    return []


def _of_splits(quote: Quote, acquired: date) -> Iterator[str]:
    """What is to be said of a price that a split may have changed and the shares not."""
    if quote.doubt is not None:
        yield quote.doubt
    if quote.untold is not None and acquired < quote.untold.day:
        split = f"{quote.untold.numerator}:{quote.untold.denominator}"
        yield (
            f"Its prices have been restated for a split {split}, of {day_text(quote.untold.day)} or a later day, and its shares have not: "
            "add the split to those of the ticker, with its day."
        )


def _verdict(fact: LatestFacts, quote: Quote | None) -> HeldVerdict:
    def distance(level: float | None) -> float | None:
        return None if level is None or quote is None or not quote.close else 100 * (level / float(quote.close) - 1)

    record = {"hit": fact.record_hit, "lift": fact.record_lift, "n": fact.record_n}
    return HeldVerdict(
        result_id=fact.result_id,
        strategy=fact.strategy,
        as_of=fact.as_of,
        verdict=fact.verdict,
        score=fact.score,
        entry=fact.entry,
        stop_loss=fact.stop_loss,
        target=fact.target,
        to_stop_percent=distance(fact.stop_loss),
        to_target_percent=distance(fact.target),
        record_hit=fact.record_hit,
        record_lift=fact.record_lift,
        record_n=fact.record_n,
        record=record_words(record),
        superseded=fact.superseded,
        is_outdated=quote is not None and fact.as_of < quote.day,
    )
