"""The part of the story (tools/api_story.py) about how portfolios did."""

from __future__ import annotations

from collections.abc import Callable

from features.portfolios.valuations import queue_all
from tools.api_recorder import Recorder


def tell_of_performance(call: Recorder, run_jobs: Callable[[], None]) -> None:
    """Call the operations of performance, on the portfolio of tools/portfolios_story.py."""
    portfolio = call("list_portfolios")["items"][0]["id"]
    days = {"period": "2013-02-22..2013-03-01"}
    told = call("get_performance", portfolio_id=portfolio, query={**days, "rate": 0.02})
    (pack,) = told["packs"]
    again = {"pack": pack["digest"], "ledger": told["ledger_version"], "series": "false"}
    call("get_performance", portfolio_id=portfolio, query={**days, **again})
    call("get_performance", portfolio_id=portfolio, query=days, header={"Accept": "text/csv"})
    call("get_performance", portfolio_id=portfolio, query={"period": "2y"})
    call("get_performance", portfolio_id=portfolio, query={"period": "1990-01-01..1990-12-31"})
    call("list_pricing_packs", query={"limit": 1})
    call("get_pricing_pack", day=pack["day"])
    call("get_pricing_pack", day="1990-01-01")
    queue_all(call.app.services.database)
    run_jobs()
    call("list_valuations", portfolio_id=portfolio)
