"""Changes the ledger of a portfolio: books transactions, corrects and removes them. A change is whole, and checked with all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from analysis.quantities import quantities
from features.portfolios.books import known_splits
from features.portfolios.store import portfolio as portfolio_store
from features.portfolios.store import transaction as transaction_store
from features.portfolios.store.transaction import Ledger
from models.books import Oversold
from models.day_text import day_text
from models.portfolio import AHEAD, MOST_TICKERS, MOST_TRANSACTIONS, Draft, Portfolio, Transaction, decimal_text, faults_of, shortest
from models.portfolio_errors import (
    Fault,
    LedgerOversold,
    PortfolioChanged,
    PortfolioNotFound,
    TooMuchInPortfolio,
    TransactionNotFound,
    TransactionsRefused,
)
from utils.clock import now, today
from utils.ids import is_id, new_id


def find_to_change(connection: Connection, ledger: Ledger, version: int | None = None) -> Portfolio:
    """A portfolio, locked with its ledger until the transaction ends. Raises PortfolioNotFound, or PortfolioChanged for another version."""
    found = portfolio_store.find_to_change(connection, *ledger) if is_id(ledger.portfolio_id) else None
    if found is None:
        raise PortfolioNotFound(ledger.portfolio_id)
    if version is not None and version != found.version:
        raise PortfolioChanged(found.version)
    return found


def add_transactions(
    connection: Connection, org_id: int, portfolio_id: str, drafts: Sequence[Draft], version: int | None = None
) -> list[Transaction]:
    """Book transactions, all or none, in any order; return them in that of the drafts.

    `version` is the one that the portfolio must be at. Raises PortfolioNotFound, PortfolioChanged, TooMuchInPortfolio, or
    TransactionsRefused and LedgerOversold, which name each draft by its index.
    """
    ledger = Ledger(org_id, portfolio_id)
    portfolio = find_to_change(connection, ledger, version)
    _check(drafts, portfolio)
    count = portfolio.transactions + len(drafts)
    if count > MOST_TRANSACTIONS:
        raise TooMuchInPortfolio("transactions", MOST_TRANSACTIONS)
    changed = replace(portfolio, version=portfolio.version + 1, transactions=count, updated_at=now())
    new = [_transaction(draft, changed, new_id()) for draft in drafts]
    _apply(connection, ledger, changed, None, new)
    return new


def add_transaction(connection: Connection, ledger: Ledger, draft: Draft, version: int | None = None) -> Transaction:
    """Book one transaction. Raises what `add_transactions` does, with faults that name no index."""
    try:
        return add_transactions(connection, *ledger, [draft], version)[0]
    except TransactionsRefused as error:
        raise error.of_one() from None


def correct_transaction(
    connection: Connection, ledger: Ledger, transaction_id: str, draft: Draft, version: int | None = None
) -> tuple[Transaction, Transaction]:
    """Replace what a transaction says; return it as it was and as it is. Its id stays.

    Raises TransactionNotFound, and what `add_transaction` does.
    """
    portfolio = find_to_change(connection, ledger, version)
    former = _standing(connection, ledger, transaction_id)
    try:
        _check([draft], portfolio)
        changed = replace(portfolio, version=portfolio.version + 1, updated_at=now())
        corrected = _transaction(draft, changed, former.id)
        _apply(connection, ledger, changed, former, [corrected])
    except TransactionsRefused as error:
        raise error.of_one() from None
    return former, corrected


def remove_transaction(connection: Connection, ledger: Ledger, transaction_id: str, version: int | None = None) -> Transaction:
    """Take a transaction out of the ledger; return what it was.

    Raises PortfolioNotFound, PortfolioChanged, TransactionNotFound, or LedgerOversold where a later sale needs it.
    """
    portfolio = find_to_change(connection, ledger, version)
    former = _standing(connection, ledger, transaction_id)
    count = portfolio.transactions - 1
    changed = replace(portfolio, version=portfolio.version + 1, transactions=count, updated_at=now())
    _apply(connection, ledger, changed, former, [])
    return former


def _standing(connection: Connection, ledger: Ledger, transaction_id: str) -> Transaction:
    found = transaction_store.find(connection, ledger, transaction_id) if is_id(transaction_id) else None
    if found is None:
        raise TransactionNotFound
    return found


def _transaction(draft: Draft, portfolio: Portfolio, transaction_id: str) -> Transaction:
    return Transaction(*draft.told, id=transaction_id, since_version=portfolio.version, recorded_at=portfolio.updated_at)


def _check(drafts: Sequence[Draft], portfolio: Portfolio) -> None:
    """Raises TransactionsRefused."""
    day = today()
    faults = [Fault(index, *fault) for index, draft in enumerate(drafts) for fault in faults_of(draft, day, portfolio.base_currency)]
    if faults:
        raise TransactionsRefused(faults)


def _apply(connection: Connection, ledger: Ledger, changed: Portfolio, former: Transaction | None, new: Sequence[Transaction]) -> None:
    """Put transactions in the place of a former one, and store the portfolio as it is then. Raises TooMuchInPortfolio or LedgerOversold.

    Only the shares of the tickers of the change are counted.
    """
    tickers = {each.ticker for each in (*new, former) if each is not None and each.ticker is not None}
    held = _held(connection, ledger, changed, former, new) if tickers else set[str]()
    if former is not None:
        transaction_store.close(connection, ledger, former.id, changed.version)
    transaction_store.insert(connection, ledger, new)
    if tickers and transaction_store.count_tickers(connection, ledger) > MOST_TICKERS:
        raise TooMuchInPortfolio("tickers", MOST_TICKERS)
    portfolio_store.mark_tickers(connection, ledger, held, tickers - held)
    portfolio_store.update_ledger(connection, ledger.org_id, changed)


def _held(connection: Connection, ledger: Ledger, changed: Portfolio, former: Transaction | None, new: Sequence[Transaction]) -> set[str]:
    """Which of the tickers of a change are held after it. Raises LedgerOversold."""
    tickers = {each.ticker for each in (*new, former) if each is not None and each.ticker is not None}
    before = transaction_store.list_of_tickers(connection, ledger, tickers, changed.version - 1)
    kept = (each for each in before if former is None or each.id != former.id)
    after = [*kept, *(each for each in new if each.ticker is not None)]
    splits = known_splits(connection, ledger.org_id, [*before, *after])
    latest = today() + AHEAD
    counted = quantities(after, splits, latest)
    if counted.oversold:
        # What a split that became known later has made of a sale is no fault of this change.
        known = {each.transaction_id for each in quantities(before, splits, latest).oversold}
        _refuse([each for each in counted.oversold if each.transaction_id not in known], {each.id: place for place, each in enumerate(new)})
    return set(counted.held)


def _refuse(oversold: Sequence[Oversold], places: Mapping[str, int]) -> None:
    """Raises LedgerOversold where there is something."""
    if not oversold:
        return
    faults = []
    for each in oversold:
        leaves = f"{decimal_text(each.wanted)} of {each.ticker} would leave on {day_text(each.day)}, when {shortest(each.held)} are held."
        if each.transaction_id in places:
            remedy = "Book what came before first, or in the same request; short positions are not kept."
            faults.append(Fault(places[each.transaction_id], "quantity", f"{leaves} {remedy}"))
        else:
            faults.append(Fault(None, "", f"By the {each.type} {each.transaction_id}, {leaves} Correct or delete that transaction first."))
    raise LedgerOversold(faults)
