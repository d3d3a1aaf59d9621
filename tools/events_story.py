"""The calls of events whose requests and answers are examples of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable

from tools.api_recorder import Recorder

REPEATED = range(2)  # a request and its repetition, which gets the same answer


def tell_of_events(call: Recorder, run_jobs: Callable[[], None]) -> None:
    """Call every operation of events."""
    mine = {"type": "desk.rebalanced", "subject": "ACME", "key": "2026-11", "data": {"weights": {"ACME": 0.5, "IBM": 0.5}}}
    for _ in REPEATED:
        event = call("add_event", body=mine, header={"Idempotency-Key": "2026-11-rebalanced"})
    for _ in REPEATED:
        call("add_event", body=mine, header={"Idempotency-Key": "2026-11-rebalanced-again"})
    call("list_events", query={"limit": 2})
    call("get_event", event_id=event["id"])
    run_jobs()
    call(
        "stream_events",
        query={"after": max(told["position"] for told in call("list_events", query={"limit": 1})["items"]) - 1, "wait": "false"},
    )
