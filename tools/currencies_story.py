"""The part of the story (tools/api_story.py) about exchange rates."""

from __future__ import annotations

from tools.api_recorder import Recorder

RATES = (
    b"Date,USD,GBP,CHF,\n2026-11-27,1.0568,0.8329,0.9312,\n2026-11-26,1.0514,0.8342,0.9298,\n2026-11-25,1.0492,0.8361,N/A,\n"
    b"2026-11-10,1.0650,0.8270,0.9382,\n"
)
WRONG = b"DATE,BASE,QUOTE,RATE\n2026-11-27,EUR,USD,high\n2026-11-27,EUR,Dollar,1.05\n"
FILE = {"Content-Type": "text/csv"}


def tell_of_currencies(call: Recorder) -> None:
    """Call the operations of exchange rates."""
    # First as a trial: the first request of an operation is what /docs offers to send.
    call("upload_fx_rates", body=RATES, query={"dry_run": "true"}, header=FILE)
    for _ in range(2):
        call("upload_fx_rates", body=RATES, header={**FILE, "Idempotency-Key": "2026-11-27-rates"})
    call("upload_fx_rates", body=WRONG, header=FILE)
    call("list_fx_rates")
    call("get_fx_rates", pair="GBPUSD", query={"start": "2026-11-20"})
    call("get_fx_rates", pair="USD", query={"start": "2026-11-20"}, header={"Accept": "text/csv"})
    call("get_fx_rates", pair="EURXAU")
    call("delete_fx_rates", pair="CHF")
    call("delete_fx_rates", pair="CHF")
