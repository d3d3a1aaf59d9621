"""The database load of 200 clients that watch one job."""

from __future__ import annotations

import json
import threading
import time

from benchmarks.demo_prices import load_demo
from benchmarks.load import request
from benchmarks.report import Row
from benchmarks.servers import KEY, Server, Servers

TITLE = "Dashboard: many watch one job"
NOTE = (
    "200 viewers of one running job, 2 web workers of 8 threads: as many streams as are allowed, the others ask for the job every 2 s and "
    "say which version they know, as the pages do. What the database is asked is counted by the connections that the web processes take "
    "from their pools."
)
VIEWERS, POLL_SECONDS, SECONDS = 200, 2.0, 12.0
MOST = 4.0  # queries per second and web process
ENGINES = ("SQLite", "Postgres")
WORKERS = 2


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    return [_measure(servers, engine) for engine in ENGINES]


def _measure(servers: Servers, engine: str) -> Row:
    url = servers.database_url(engine, f"watchers-{engine}")
    load_demo(url, 20, 300)
    server = servers.bellwether(f"watchers-{engine}", url, workers=WORKERS)  # no job workers: the job stays active
    job_id = json.loads(server.call("POST", "/api/v1/bulk-analyze", {"universe": "all"}))["id"]
    streams = [_open_stream(server, job_id) for _ in range(3 * WORKERS)]
    stop = threading.Event()
    viewers = [threading.Thread(target=_poll, args=(server, job_id, stop, number)) for number in range(VIEWERS - len(streams))]
    for viewer in viewers:
        viewer.start()
    time.sleep(3)
    before, began = _queries(server), time.monotonic()
    time.sleep(SECONDS)
    rate = (_queries(server) - before) / (time.monotonic() - began) / WORKERS
    stop.set()
    for viewer in viewers:
        viewer.join()
    for stream in streams:
        stream.close()
    servers.stop_all()
    return Row(f"{VIEWERS} viewers on {engine}, queries/s a web process", f"{rate:.1f}", target=f"≤ {MOST:g}", met=rate <= MOST)


def _open_stream(server: Server, job_id: str):
    import socket

    stream = socket.create_connection(("127.0.0.1", server.port))
    stream.sendall(request("GET", f"/api/v1/jobs/{job_id}/events", KEY))
    stream.recv(1000)
    return stream


def _poll(server: Server, job_id: str, stop: threading.Event, number: int) -> None:
    stop.wait(POLL_SECONDS * number / VIEWERS)
    path = f"/api/v1/jobs/{job_id}"
    job = json.loads(server.call("GET", path))
    while not stop.is_set():
        job = json.loads(server.call("GET", f"{path}?seen={job['version']}"))
        stop.wait(POLL_SECONDS)


def _queries(server: Server) -> float:
    text = server.call("GET", "/metrics").decode()
    line = next(line for line in text.splitlines() if line.startswith('bellwether_db_pool_events_total{event="checkouts"}'))
    return float(line.rsplit(" ", 1)[1])
