"""The calls of indexes whose requests and answers are examples of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from tools.api_recorder import Recorder

CSV = {"Accept": "text/csv"}
DAYS = {"start": "2013-02-25", "end": "2013-03-01"}
RULES: dict[str, Any] = {
    "members": {"tickers": ["AAPL", "IBM", "MSFT"], "screen": {"verdicts": ["Strong Buy", "Buy", "Hold", "Sell"]}},
    "weighting": {"method": "inverse_volatility", "lookback": 60},
    "rebalance": "monthly",
    "start": "2012-12-03",
    "single_cap": 0.5,
}
NO_ID = "019aa3b2-7a1e-7c8e-8a55-ffffffffffff"


def tell_of_indexes(call: Recorder) -> None:
    """Call every operation of indexes."""
    call("preview_index", body=RULES)
    call("preview_index", body={**RULES, "single_cap": 0.2})
    for _ in range(2):
        made = call("create_index", body={"name": "Calm computers", **RULES}, header={"Idempotency-Key": "2026-11-30-calm"})
    call("create_index", body={"name": "Calm computers", **RULES})
    found = {"index_id": made["id"]}
    call("list_indexes", query={"limit": 10})
    call("get_index", **found)
    call("get_index_values", query={"variant": "total", **DAYS}, **found)
    call("get_index_values", query=DAYS, header=CSV, **found)
    call("get_index_allocations", query={"day": "2013-02-28"}, **found)
    call("get_index_allocations", header=CSV, **found)
    call("list_index_rebalances", query={"limit": 2}, **found)
    call("list_index_rebalances", query={"limit": 1}, header=CSV, **found)
    call("compare_index", query={"with": "GOOG", "series": "true", **DAYS}, **found)
    call("simulate_index", body={"amount": 10_000, "start": "2013-02-25"}, **found)
    call("get_index_report", **found)
    call("change_index", body={"name": "Calm computer makers", "weighting": {"method": "equal"}, "version": 1}, **found)
    call("change_index", body={"name": "Calm computers", "version": 1}, **found)
    call("publish_index", **found)
    call("list_index_versions", **found)
    call("list_index_revisions", **found)
    call("delete_index", **found)
    call("get_index", index_id=NO_ID)
