"""Portfolios for tests: transactions as bodies of requests, and as the ledger has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kit.support import Client
from models.portfolio import Transaction, TransactionType

RECORDED = datetime(2026, 1, 1, tzinfo=UTC)


def make_portfolio(client: Client, **fields: Any) -> str:
    """The id of a new portfolio, in dollars unless told otherwise."""
    answer = client.post("/portfolios", {"name": "Savings", "base_currency": "USD", **fields})
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def booked(client: Client, portfolio_id: str, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """The transactions of a portfolio that were booked in one request."""
    answer = client.post(f"/portfolios/{portfolio_id}/transactions/batch", {"items": list(items)})
    assert answer.status_code == 201, answer.json
    made: list[dict[str, Any]] = answer.json["items"]
    return made


def trade(type_: str, day: str, ticker: str, quantity: str, price: str, **more: Any) -> dict[str, Any]:
    """The body of a purchase or a sale."""
    return {"type": type_, "day": day, "ticker": ticker, "quantity": quantity, "price": price, **more}


def cash(type_: str, day: str, amount: str, **more: Any) -> dict[str, Any]:
    """The body of what has an amount."""
    return {"type": type_, "day": day, "amount": amount, **more}


def entry(number: int, type_: str, day: str, **fields: Any) -> Transaction:
    """A transaction of a ledger: decimals are given as text, and the currency is the dollar unless told otherwise."""
    decimals: dict[str, Any] = {
        name: Decimal(fields[name]) for name in ("quantity", "price", "amount", "fee", "tax", "fx_rate") if name in fields
    }
    acquired = {"acquired": date.fromisoformat(fields["acquired"])} if "acquired" in fields else {}
    told = {"currency": "USD", **fields, **decimals, **acquired}
    place: dict[str, Any] = {"id": f"{number:04}", "since_version": 2, "recorded_at": RECORDED}
    return Transaction(type=TransactionType(type_), day=date.fromisoformat(day), **told, **place)
