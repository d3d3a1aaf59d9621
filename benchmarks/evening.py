"""The evening run: from its due time to the last message, a look of the dispatcher, and what events cost an idle service."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.foundation import open_foundation
from benchmarks.refresh import slow_server
from benchmarks.report import Row
from benchmarks.servers import Server, Servers
from features.schedules import service as schedules
from features.schedules.dispatcher import Dispatcher
from features.schedules.service import Starter, author
from infrastructure.foundation import Foundation
from infrastructure.outbox import hand_out, record
from jobs.wakeup import NoWakeup
from models.api_key import FIRST_ORG
from models.event import NewEvent
from models.schedule import Action, NewSchedule, Overlap, When

TITLE = "The evening run"
NOTE = (
    "A schedule whose pipeline refreshes 500 tickers from a server on loopback that takes 50 ms for each answer, analyses them, and sends "
    "a webhook for each: from the due time to the last message, with two workers for computations and 8 threads for the network. Then a "
    "look of the dispatcher at 1,000 schedules of which none is due, and a look for events where 100,000 are stored and none is new, which "
    "a process does once a second."
)
TICKERS, ANSWER_SECONDS, SCHEDULES, EVENTS, LOOKS = 500, 0.05, 1_000, 100_000, 50
MOST_SECONDS, MOST_MILLISECONDS, LONGEST = 25, 20, 180.0
PIPELINE = {
    "id": "bench",
    "name": "Bench",
    "steps": [
        {"as": "prices", "capability": "refresh", "args": {"universe": "bench"}},
        {"as": "verdicts", "capability": "bulk_analyse", "args": {"universe": "bench"}},
        {"as": "found", "capability": "screen", "args": {"filter": {"universe": "bench", "strategy": "balanced"}, "limit": TICKERS}},
        {
            "as": "told",
            "capability": "notify",
            "for_each": "{{steps.found.items}}",
            "args": {"channels": ["bench"], "subject": "{{item.ticker}}: {{item.verdict}}"},
        },
    ],
}


def measure(servers: Servers) -> list[Row]:
    """The table's rows, SQLite first."""
    rows = []
    for engine in ("SQLite", "Postgres"):
        seconds = _evening(servers, engine)
        what = f"due time to the last of {TICKERS} messages, {engine}"
        rows.append(Row(what, f"{seconds:.1f} s", target=f"≤ {MOST_SECONDS} s", met=seconds <= MOST_SECONDS))
    for engine in ("SQLite", "Postgres"):
        rows += _looks(engine, servers.database_url(engine, f"looks-{engine}"), servers.folder)
    return rows


class Receiver:
    """Counts messages, and remembers when the last of them came."""

    def __init__(self, port: int) -> None:
        self.port, self.received, self.last = port, 0, 0.0
        self.lock = threading.Lock()


@contextmanager
def _receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.lock:
                receiver.received, receiver.last = receiver.received + 1, time.time()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def _evening(servers: Servers, engine: str) -> float:
    """Seconds from the due time to the last message."""
    with slow_server(ANSWER_SECONDS) as address, _receiving() as receiver:
        more = {"PRICE_PROVIDERS": "csv_url", "CSV_URL_TEMPLATE": address, "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
        server = servers.bellwether(f"evening-{engine}", servers.database_url(engine, f"evening-{engine}"), 1, 2, more)
        members = [{"ticker": f"R{number}"} for number in range(TICKERS)]
        _call(server, "PUT", "/universes/bench", {"items": members})
        _call(server, "POST", "/channels", {"name": "bench", "type": "webhook", "url": f"http://127.0.0.1:{receiver.port}/"})
        _call(server, "PUT", "/pipelines/bench", PIPELINE)
        order = {"name": "bench", "cron": "* * * * *", "action": "pipeline", "params": {"pipeline": "bench", "inputs": {}}}
        schedule = _call(server, "POST", "/schedules", order)
        due_at = datetime.fromisoformat(schedule["next_due_at"]).timestamp()
        deadline = due_at + LONGEST
        while receiver.received < TICKERS and time.time() < deadline:
            time.sleep(0.1)
        servers.stop_all()
    if receiver.received < TICKERS:
        raise RuntimeError(f"{receiver.received} of {TICKERS} messages came within {LONGEST:.0f} s")
    return receiver.last - due_at


def _call(server: Server, method: str, path: str, body: object) -> Any:
    answer = json.loads(server.call(method, f"/api/v1{path}", body))
    if "code" in answer:
        raise RuntimeError(f"{method} {path}: {answer['detail']}")
    return answer


def _looks(engine: str, url: str, folder: Path) -> Iterator[Row]:
    with open_foundation(url, folder) as foundation:
        starter = Starter(foundation, NoWakeup())
        when = When(cron=f"0 0 1 1 {(datetime.now(UTC) + timedelta(days=2)).isoweekday() % 7}")
        with foundation.database.transaction() as connection:
            for number in range(SCHEDULES):
                new = NewSchedule(f"S{number}", when, Action.BULK_ANALYSIS, {"universe": "all"}, 3_600, Overlap.SKIP, True)
                schedules.create(connection, FIRST_ORG, new, starter, author(connection, None))
        dispatcher = Dispatcher(foundation.database, starter)
        look = _median_ms(dispatcher.look)
        what = f"a look at {SCHEDULES:,} schedules, {engine}"
        yield Row(what, f"{look:.2f} ms", target=f"≤ {MOST_MILLISECONDS} ms", met=look <= MOST_MILLISECONDS)
        hand_out(foundation.database, foundation.subscribers)
        with foundation.database.transaction() as connection:
            for start in range(0, EVENTS, 1_000):
                names = range(start, start + 1_000)
                record(connection, FIRST_ORG, [NewEvent("bench.idle", f"bench:{name}") for name in names])
        while _is_behind(foundation):
            hand_out(foundation.database, foundation.subscribers)
        idle = _median_ms(lambda: hand_out(foundation.database, foundation.subscribers))
        yield Row(f"a look for events among {EVENTS:,}, {engine}", f"{idle:.2f} ms a second", target="nothing that can be measured")


def _is_behind(foundation: Foundation) -> bool:
    from infrastructure.event_store import has_waiting, last_position, list_progress

    with foundation.database.read() as connection:
        last = last_position(connection)
        return has_waiting(connection) or any(progress.position < last for progress in list_progress(connection))


def _median_ms(act: Any) -> float:
    times = []
    for _ in range(LOOKS):
        began = perf_counter()
        act()
        times.append(1_000 * (perf_counter() - began))
    return median(times)
