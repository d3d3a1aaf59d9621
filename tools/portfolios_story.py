"""The part of the story (tools/api_story.py) about portfolios."""

from __future__ import annotations

from tools.api_recorder import Recorder
from tools.statements_story import tell_of_statements

BOUGHT = {"type": "buy", "day": "2012-09-04", "ticker": "AAPL", "quantity": "10", "price": "675.10", "fee": "7.95"}
MORE = (
    {"type": "deposit", "day": "2012-09-03", "amount": "20000"},
    {"type": "buy", "day": "2012-10-01", "ticker": "MSFT", "quantity": "100.5", "price": "29.60", "fee": "7.95"},
    {"type": "sell", "day": "2012-11-01", "ticker": "AAPL", "quantity": "4", "price": "596.54", "fee": "7.95"},
)


def tell_of_portfolios(call: Recorder) -> None:
    """Call the operations of portfolios."""
    portfolio = {"name": "Savings", "base_currency": "USD", "benchmark": "MSFT"}
    for _ in range(2):
        made = call("create_portfolio", body=portfolio, header={"Idempotency-Key": "2026-11-27-savings"})["id"]
    call("create_portfolio", body={"name": "savings", "base_currency": "EUR"})
    call("create_portfolio", body={"name": "Pence", "base_currency": "GBp"})
    for _ in range(2):
        bought = call("add_transaction", portfolio_id=made, body=BOUGHT, header={"Idempotency-Key": "2012-09-04-aapl"})["id"]
    for _ in range(2):
        call("add_transactions", portfolio_id=made, body={"items": list(MORE)}, header={"Idempotency-Key": "2012-autumn"})
    call("add_transaction", portfolio_id=made, body={**BOUGHT, "type": "sell", "day": "2013-01-02", "quantity": "7"})
    call("add_transactions", portfolio_id=made, body={"items": [{"type": "deposit", "day": "2012-09-03", "amount": "-1"}]})
    call("list_transactions", portfolio_id=made, query={"ticker": "AAPL"})
    call("get_transaction", portfolio_id=made, transaction_id=bought)
    call("correct_transaction", portfolio_id=made, transaction_id=bought, body={**BOUGHT, "fee": "9.95", "note": "As on the statement."})
    call("correct_transaction", portfolio_id=made, transaction_id=bought, body={**BOUGHT, "version": 1})
    call("get_holdings", portfolio_id=made)
    call("get_holdings", portfolio_id=made, query={"as_of": "2012-11-30"})
    call("list_lots", portfolio_id=made, query={"as_of": "2012-11-30"})
    call("list_realised", portfolio_id=made, query={"ticker": "AAPL"})
    paid = {"type": "dividend", "day": "2012-12-13", "ticker": "MSFT", "amount": "23.12", "tax": "3.47"}
    call("add_transaction", portfolio_id=made, body=paid)
    call("get_income", portfolio_id=made)
    for operation in ("get_holdings", "list_lots", "list_realised", "get_income"):
        call(operation, portfolio_id=made, header={"Accept": "text/csv"})
    told = {"effective_day": "2012-11-07", "kind": "dividend", "amount": 2.65, "currency": "USD"}
    other = {**told, "effective_day": "2012-11-14", "amount": 0.23}
    call("add_action", ticker="AAPL", body=told)
    call("add_action", ticker="MSFT", body=other)
    apple = f"AAPL:{told['effective_day']}:dividend"
    call("list_dividends", portfolio_id=made)
    call("dismiss_dividends", portfolio_id=made, body={"keys": [apple]})
    for _ in range(2):
        call(
            "confirm_dividends",
            portfolio_id=made,
            body={"items": [{"key": apple, "day": "2012-11-15", "tax": "2.39"}]},
            header={"Idempotency-Key": "2012-11-15-apple"},
        )
    call("confirm_dividends", portfolio_id=made, body={"items": [{"key": apple}]})
    call("list_dividends", portfolio_id=made, query={"state": "booked"})
    tell_of_statements(call, made)
    call("list_portfolios")
    call("get_portfolio", portfolio_id=made)
    call("change_portfolio", portfolio_id=made, body={"cost_method": "average"})
    spare = call("create_portfolio", body={"name": "Spare", "base_currency": "CHF"})["id"]
    paid = call("add_transaction", portfolio_id=spare, body={"type": "deposit", "day": "2012-09-03", "amount": "5"})["id"]
    for _ in range(2):
        call("delete_transaction", portfolio_id=spare, transaction_id=paid)
    for _ in range(2):
        call("delete_portfolio", portfolio_id=spare)
