"""The part of the story (tools/api_story.py) about files of transactions."""

from __future__ import annotations

from tools.api_recorder import Recorder

CSV = {"Content-Type": "text/csv"}
EXPORT = b"""Date,Type,Value,Transaction Currency,Gross Amount,Currency Gross Amount,Exchange Rate,Fees,Taxes,Shares,ISIN,WKN,\
Ticker Symbol,Security Name,Note
2012-12-03T00:00,Buy,-195.50,USD,,,,1.50,,1,US4592001014,,,"IBM Corp.",
2012-12-10T00:00,Dividend,0.72,USD,,,,,0.13,1,US4592001014,,,"IBM Corp.",
"""
WRONG = b"Date,Type,Ticker,Quantity,Price,Currency\n2012-12-03,Buy,IBM,one,194,USD\n2012-12-04,Sell,IBM,500,194,USD\n"
AMBIGUOUS = (
    b"Date,Type,Ticker,Quantity,Price,Currency\n03/04/2012,Buy,IBM,1,194,USD\n06/05/2012,Buy,IBM,1,194,USD\n02/05/2012,Buy,IBM,1,194,USD\n"
)


def tell_of_statements(call: Recorder, portfolio: str) -> None:
    """Call the operations of files of transactions."""
    call("import_transactions", portfolio_id=portfolio, body=EXPORT, query={"dry_run": "true"}, header=CSV)
    call("change_portfolio_symbols", body={"symbols": {"US4592001014": "IBM", "US0378331005": "AAPL"}})
    call("change_portfolio_symbols", body={"symbols": {"US0378331005": None}})
    call("list_portfolio_symbols")
    for key in ("2012-12-statement", "2012-12-statement-again"):  # the second adds nothing
        for _ in range(2):
            call("import_transactions", portfolio_id=portfolio, body=EXPORT, header={**CSV, "Idempotency-Key": key})
    call("import_transactions", portfolio_id=portfolio, body=WRONG, header=CSV)
    call("import_transactions", portfolio_id=portfolio, body=AMBIGUOUS, header=CSV)
    call("import_transactions", portfolio_id=portfolio, body=EXPORT, query={"format": "degiro_account"}, header=CSV)
    call("export_transactions", portfolio_id=portfolio)
    call("get_portfolio_report", portfolio_id=portfolio)
