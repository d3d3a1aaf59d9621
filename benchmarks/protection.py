"""The cost per request of limits, metrics, breaker, cache, compression and security headers: the service with and without them."""

from __future__ import annotations

import json
from statistics import median

from benchmarks.load import drive_from_process, request
from benchmarks.report import Row
from benchmarks.servers import KEY, Servers

TITLE = "HTTP: what protection and sight cost"
NOTE = (
    "`GET /api/v1/results/{id}` on Postgres with 2 workers of 8 threads, 16 keep-alive connections. The peer is the same service with rate "
    "limits, metrics, circuit breaker, cache and compression switched off (security headers, which cannot be, are counted as its own). The "
    "cost is how much longer a request takes: the peer's requests per second over ours, less one; the median of 9 rounds, each of which "
    "takes the servers in turns."
)
ROUNDS = 9
SECONDS = 1.5  # per round of one server, after a warm-up
CONNECTIONS = 16
OFF = {
    "RATE_LIMIT_ENABLED": "false",
    "METRICS_ENABLED": "false",
    "CACHE_ENABLED": "false",
    "COMPRESS_RESPONSES": "false",
    "BREAKER_FAILURES": "0",
}
WITHOUT_LIMITS = "all of it but limits"
IN_PROCESS = "all of it, limits and cache in the instance"
WITH_REDIS = "all of it, limits and cache in Redis"
MOST = {WITHOUT_LIMITS: 0.3, IN_PROCESS: None, WITH_REDIS: 1.0}


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    settings = {"off": OFF, WITHOUT_LIMITS: {"RATE_LIMIT_ENABLED": "false"}, IN_PROCESS: {}, WITH_REDIS: {"REDIS_URL": servers.redis_url()}}
    contests = {}
    for number, (name, more) in enumerate(settings.items()):
        label = f"protection-{number}"
        server = servers.bellwether(label, servers.database_url("Postgres", label), more=more)
        result = json.loads(server.call("POST", "/api/v1/analyze", {"ticker": "AAPL"}))
        contests[name] = (server.port, request("GET", f"/api/v1/results/{result['id']}", KEY))
    rates: dict[str, list[float]] = {name: [] for name in contests}
    for _ in range(ROUNDS):
        for name, (port, repeated) in contests.items():
            rates[name].append(drive_from_process(port, repeated, CONNECTIONS, SECONDS).rate)
    rows = []
    for name, most in MOST.items():
        cost = median(off / on for off, on in zip(rates["off"], rates[name], strict=True)) - 1
        target, met = ("–", None) if most is None else (f"≤ {100 * most:.0f} %", cost <= most)
        rows.append(
            Row(f"{name}, requests/s", f"{median(rates[name]):,.0f}", f"{median(rates['off']):,.0f}", f"{100 * cost:+.0f} %", target, met)
        )
    return rows
