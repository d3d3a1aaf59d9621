"""Stored results served per second, compared with a minimal Flask application."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

from benchmarks.load import drive_from_process, request
from benchmarks.report import Row, times
from benchmarks.servers import KEY, ROOT, Servers

TITLE = "HTTP: requests per second"
NOTE = (
    "`GET /api/v1/results/{id}` whole (key check, database read, one JSON log line to a file) beside a bare Flask `jsonify` of a small "
    "dict, both under the service's gunicorn settings with 2 workers of 8 threads, 16 keep-alive connections, load generator on the same "
    "machine. Ratios are the median of 9 rounds, each of which takes the servers in turns."
)
ROUNDS = 9
SECONDS = 1.5  # per round of one server, after a warm-up
CONNECTIONS = 16
SHARES = {"SQLite": 0.65, "Postgres": 0.6}  # at least, of the bare application's requests per second
HEADROOM = 3.0  # the load generator's own rate, at least, in bare applications


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    bare = servers.bare_flask("bare")
    contests = {"bare": (bare.port, request("GET", "/"))}
    for engine in SHARES:
        server = servers.bellwether(f"results-{engine}", servers.database_url(engine, f"results-{engine}"))
        result = json.loads(server.call("POST", "/api/v1/analyze", {"ticker": "AAPL"}))
        contests[engine] = (server.port, request("GET", f"/api/v1/results/{result['id']}", KEY))
    rates: dict[str, list[float]] = {name: [] for name in contests}
    for _ in range(ROUNDS):
        for name, (port, repeated) in contests.items():
            rates[name].append(drive_from_process(port, repeated, CONNECTIONS, SECONDS).rate)
    floor = median(rates["bare"])
    rows = []
    for engine, share in SHARES.items():
        ratio = median(ours / peer for ours, peer in zip(rates[engine], rates["bare"], strict=True))
        what = f"GET /results/{{id}} on {engine}, requests/s"
        rows.append(Row(what, f"{median(rates[engine]):,.0f}", f"{floor:,.0f}", times(ratio), f"≥ {share:g}×", ratio >= share))
    own = _own_rate()
    what = "load generator alone, requests/s"
    rows.append(Row(what, f"{own:,.0f}", f"{floor:,.0f}", times(own / floor), f"≥ {HEADROOM:g}×", own >= HEADROOM * floor))
    return rows


def _own_rate() -> float:
    command = [sys.executable, "-m", "benchmarks.bare_socket"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert server.stdout is not None
        return drive_from_process(int(server.stdout.readline()), request("GET", "/"), CONNECTIONS, SECONDS).rate
    finally:
        server.kill()
        server.communicate()
