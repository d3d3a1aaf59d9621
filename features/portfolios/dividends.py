"""Dividends as corporate actions report them, proposed for what was held before the day; each is booked once, when somebody confirms it.

A dividend that somebody has booked by hand is found by its ticker, its day and its amount, and is not proposed again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext

from sqlalchemy import Connection

from analysis.lots import PRECISION, splits_in_effect
from analysis.quantities import quantities
from features.portfolios.books import known_splits, read_ledger
from features.portfolios.ledger import add_transactions, find_to_change
from features.portfolios.store import dividend as dividend_store
from features.portfolios.store.dividend import Decision
from features.portfolios.store.transaction import Ledger
from features.prices import service as prices
from models.corporate_action import Split
from models.currency import major_of
from models.dividend import Distribution, DividendState, ProposedDividend
from models.portfolio import PLACES, ZERO, Draft, Portfolio, Transaction, TransactionType, shortest
from models.portfolio_errors import DividendDecided, DividendNotFound, Fault, TransactionsRefused
from utils.clock import now, today

PAID_BEFORE, PAID_AFTER = timedelta(days=5), timedelta(days=60)  # around the day on which prices are without it
LEAST_PAID, MOST_PAID = Decimal("0.5"), Decimal("1.1")  # of the gross amount: taxes may be off, and amounts are rounded
SAME_REPORT = timedelta(days=3)  # sources differ by a day or two
_NEAR = 8  # reports before one, in the order of days, that may be of the same payment


@dataclass(frozen=True)
class Confirmation:
    """A proposed dividend to book; what is None is as it was proposed. The day is that of the payment."""

    key: str
    day: date | None = None
    amount: Decimal | None = None
    fee: Decimal = ZERO
    tax: Decimal = ZERO
    currency: str | None = None
    fx_rate: Decimal | None = None
    note: str | None = None


def proposed_dividends(connection: Connection, ledger: Ledger) -> tuple[Portfolio, list[ProposedDividend]]:
    """A portfolio, and all that was paid on what it held, newest first. Raises PortfolioNotFound."""
    portfolio, transactions = read_ledger(connection, *ledger)
    splits = splits_in_effect(transactions, known_splits(connection, ledger.org_id, transactions))
    day = today()
    moves: dict[str, list[tuple[date, Decimal]]] = {}
    for move in quantities(transactions, splits, day).moves:
        moves.setdefault(move.ticker, []).append((move.day, move.held))
    currencies = {ticker: facts.currency for ticker, facts in prices.known_facts(connection, ledger.org_id, moves.keys()).items()}
    reported = _distinct(dividend_store.list_reported(connection, ledger.org_id, moves.keys(), day)) if moves else []
    with localcontext(PRECISION):
        found = [
            _proposal(each, quantity, each.currency or currencies.get(each.ticker))
            for each in reported
            if (quantity := _held_before(moves[each.ticker], splits.get(each.ticker, ()), each.ex_day))
        ]
        decided = _decided(found, dividend_store.list_decisions(connection, ledger), transactions)
    return portfolio, sorted(decided, key=lambda each: (each.ex_day, each.ticker), reverse=True)


def confirm(
    connection: Connection, ledger: Ledger, confirmations: Sequence[Confirmation], version: int | None, actor_id: str | None
) -> list[Transaction]:
    """Book dividends as they were proposed, or as somebody says; all or none.

    Raises DividendNotFound, DividendDecided for one that is booked, TransactionsRefused for one of which nobody knows the currency, and
    what `add_transactions` does.
    """
    find_to_change(connection, ledger, version)
    known = {each.key: each for each in proposed_dividends(connection, ledger)[1]}
    drafts, booked = [], set[str]()
    for index, confirmation in enumerate(confirmations):
        dividend = _open(known, confirmation.key)
        if dividend.key in booked:
            raise DividendDecided(f"{dividend.key} is named twice.")
        booked.add(dividend.key)
        drafts.append(_draft(dividend, confirmation, index))
    made = add_transactions(connection, *ledger, drafts)
    moment = now()
    decided = [(each.key, Decision(transaction.id, moment, actor_id)) for each, transaction in zip(confirmations, made, strict=True)]
    dividend_store.save(connection, ledger, decided)
    return made


def dismiss(connection: Connection, ledger: Ledger, keys: Sequence[str], actor_id: str | None) -> None:
    """Leave proposed dividends out. They can still be confirmed. Raises PortfolioNotFound, DividendNotFound or DividendDecided."""
    find_to_change(connection, ledger)
    known = {each.key: each for each in proposed_dividends(connection, ledger)[1]}
    moment = now()
    dividend_store.save(connection, ledger, [(_open(known, key).key, Decision(None, moment, actor_id)) for key in dict.fromkeys(keys)])


def _open(known: Mapping[str, ProposedDividend], key: str) -> ProposedDividend:
    if key not in known:
        raise DividendNotFound
    dividend = known[key]
    if dividend.state is DividendState.BOOKED:
        raise DividendDecided(f"{key} is booked already, by the transaction {dividend.transaction_id}. Correct or delete that one instead.")
    return dividend


def _draft(dividend: ProposedDividend, confirmation: Confirmation, index: int) -> Draft:
    currency = confirmation.currency or dividend.currency
    if currency is None:
        raise TransactionsRefused([Fault(index, "currency", f"Nothing tells in which currency {dividend.ticker} paid: name it.")])
    return Draft(
        TransactionType.DIVIDEND,
        confirmation.day or dividend.ex_day,
        currency,
        dividend.ticker,
        amount=dividend.amount if confirmation.amount is None else confirmation.amount,
        fee=confirmation.fee,
        tax=confirmation.tax,
        fx_rate=confirmation.fx_rate,
        note=confirmation.note,
    )


def _distinct(reported: Iterable[Distribution]) -> list[Distribution]:
    """One report of each payment: sources may tell of it a day or two apart."""
    found: list[Distribution] = []
    for each in reported:
        if not any(
            other.ticker == each.ticker and other.kind == each.kind and abs(other.ex_day - each.ex_day) <= SAME_REPORT
            for other in found[-_NEAR:]
        ):
            found.append(each)
    return found


def _held_before(moves: Sequence[tuple[date, Decimal]], splits: Sequence[Split], day: date) -> Decimal:
    """How much was held at the end of the day before, in shares of the day."""
    place = bisect_left(moves, day, key=lambda move: move[0])
    held = moves[place - 1][1] if place else ZERO
    for split in splits:
        if split.day == day:
            held = round(held * split.numerator / split.denominator, PLACES)
    return held


def _proposal(each: Distribution, quantity: Decimal, currency: str | None) -> ProposedDividend:
    per_share = Decimal(repr(each.amount))
    amount = Decimal(shortest(quantity * per_share))
    return ProposedDividend(
        each.key, each.ticker, each.kind, each.ex_day, quantity, per_share, amount, currency, DividendState.PROPOSED, None
    )


def _decided(
    found: Sequence[ProposedDividend], decisions: Mapping[str, Decision], transactions: Sequence[Transaction]
) -> list[ProposedDividend]:
    """Proposals with what became of them. A decision counts as long as its transaction stands."""
    dividends = {each.id: each for each in transactions if each.type is TransactionType.DIVIDEND}
    by_key = _dated_anew(
        found,
        {
            key: decision.transaction_id
            for key, decision in decisions.items()
            if decision.transaction_id is None or decision.transaction_id in dividends
        },
    )
    taken = {transaction_id for transaction_id in by_key.values() if transaction_id is not None}
    open_ones = [each for each in found if by_key.get(each.key) is None]
    by_key |= _by_hand(open_ones, [each for each in dividends.values() if each.id not in taken])
    return [
        replace(
            each,
            state=DividendState.DISMISSED if by_key[each.key] is None else DividendState.BOOKED,
            transaction_id=by_key[each.key],
        )
        if each.key in by_key
        else each
        for each in found
    ]


def _dated_anew(found: Sequence[ProposedDividend], by_key: Mapping[str, str | None]) -> dict[str, str | None]:
    """Decisions by the keys that their payments have now: another report may have dated one a few days off since."""
    keys = {each.key for each in found}
    gone = [(key, *key.rsplit(":", 2)) for key in by_key.keys() - keys]
    matched = _nearest(
        (abs((each.ex_day - date.fromisoformat(day)).days), each.key, key)
        for key, ticker, day, kind in gone
        for each in found
        if each.key not in by_key
        and (each.ticker, each.kind) == (ticker, kind)
        and abs(each.ex_day - date.fromisoformat(day)) <= SAME_REPORT
    )
    return {key: decided for key, decided in by_key.items() if key in keys} | {key: by_key[former] for key, former in matched.items()}


def _by_hand(found: Iterable[ProposedDividend], booked: Sequence[Transaction]) -> dict[str, str]:
    """Which proposals are booked by which transactions: the nearest pairs first, and each transaction once."""
    by_ticker: dict[str, list[Transaction]] = {}
    for each in booked:
        by_ticker.setdefault(each.ticker or "", []).append(each)
    return _nearest(
        (abs((transaction.day - each.ex_day).days), each.key, transaction.id)
        for each in found
        for transaction in by_ticker.get(each.ticker, ())
        if each.ex_day - PAID_BEFORE <= transaction.day <= each.ex_day + PAID_AFTER and _is_like(each, transaction)
    )


def _nearest(pairs: Iterable[tuple[int, str, str]]) -> dict[str, str]:
    """Pairs of a distance, the key of a payment and what may belong to it: the nearest ones, each of both once."""
    matched: dict[str, str] = {}
    used: set[str] = set()
    for _, key, other in sorted(pairs):
        if key not in matched and other not in used:
            matched[key] = other
            used.add(other)
    return matched


def _is_like(dividend: ProposedDividend, transaction: Transaction) -> bool:
    """Whether a transaction may be this payment. In another currency than the proposal's, or in one that nobody knows, any amount may."""
    mine, theirs = major_of(transaction.currency), None if dividend.currency is None else major_of(dividend.currency)
    if theirs is None or mine[0] != theirs[0]:
        return True
    if not dividend.amount:
        return True
    ratio = transaction.gross * theirs[1] / mine[1] / dividend.amount
    return LEAST_PAID <= ratio <= MOST_PAID
