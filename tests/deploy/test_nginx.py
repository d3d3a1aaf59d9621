"""deploy/nginx/bellwether.conf in a real nginx, in front of a real gunicorn."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from kit.databases import Backend
from kit.deploy import HOST, Nginx, tool
from kit.jobs import SAMPLE, claim, end_chunk
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until

from models.job import Fault

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
pytestmark = ON_SQLITE


@pytest.fixture
def server(backend: Backend, start: Start) -> Server:
    """Gunicorn with one worker process, set up for nginx as in deploy/systemd/bellwether-web.service."""
    tool("nginx")
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", TRUSTED_PROXIES="1"))
    wait_until(server.answers)
    return server


@pytest.fixture
def nginx(server: Server, tmp_path: Path) -> Iterator[Nginx]:
    nginx = Nginx(server, tmp_path / "nginx")
    nginx.start()
    yield nginx
    nginx.end()


def post_job(nginx: Nginx) -> str:
    answer = nginx.ask("/api/v1/bulk-analyze", "POST", json={"tickers": SAMPLE, "force": True})
    assert answer.status_code == 202
    job_id: str = answer.json()["id"]
    return job_id


def work_on_one_ticker() -> bool:
    """Claim and end one item. Returns whether there was one."""
    chunk = claim("w", 1)
    if chunk is not None:
        end_chunk(chunk, {chunk.items[0]: Fault("internal_error", "Why.")})
    return chunk is not None


def assert_problem(answer: requests.Response, status: int, code: str) -> None:
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json", answer.text
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["X-Request-ID"] == problem["request_id"]


def test_the_test_configuration_check_sees_faults(server: Server, tmp_path: Path) -> None:
    broken = Nginx(server, tmp_path / "nginx")
    site = tmp_path / "nginx" / "site.conf"
    assert broken.check().returncode == 0
    site.write_text(site.read_text().replace("proxy_buffering off", "proxy_buffring off"))
    result = broken.check()
    assert result.returncode != 0
    assert "proxy_buffring" in result.stderr


def test_requests_and_the_applications_own_errors_pass(server: Server, nginx: Nginx) -> None:
    answer = nginx.ask("/api/v1/analyze", "POST", json={"ticker": "AAPL"}, headers={"X-Request-ID": "from-the-caller"})
    assert (answer.status_code, answer.json()["verdict"]) == (200, "Sell")
    assert answer.headers["X-Request-ID"] == "from-the-caller"
    for path, method, status, code in (
        ("/api/v1/nothing", "GET", 404, "not_found"),
        ("/api/v1/analyze", "PUT", 405, "method_not_allowed"),
        ("/api/v1/analyze", "POST", 415, "unsupported_media_type"),
    ):
        assert_problem(nginx.ask(path, method), status, code)
    assert_problem(nginx.ask("/api/v1/tickers", headers={"X-API-Key": "wrong"}), 401, "unauthorized")
    # The logs of nginx and of the application and the response have the same request id. An invalid id is replaced.
    unclean = nginx.ask("/api/v1/nothing", headers={"X-Request-ID": 'a"b'})
    assert_problem(unclean, 404, "not_found")
    request_id = unclean.headers["X-Request-ID"]
    assert request_id != 'a"b'
    wait_until(lambda: request_id in server.log and request_id in nginx.access_log.read_text())


def test_a_plain_request_is_sent_to_https(nginx: Nginx) -> None:
    url = f"http://127.0.0.1:{nginx.plain}/docs?x=1"
    answer = requests.get(url, headers={"Host": HOST}, timeout=60, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{HOST}/docs?x=1")


def test_http_2_is_spoken(nginx: Nginx) -> None:
    context = ssl.create_default_context(cafile=str(nginx.certificate))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", nginx.port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


def test_events_come_while_the_job_runs(nginx: Nginx) -> None:
    job_id = post_job(nginx)
    completed = []
    with nginx.ask(f"/api/v1/jobs/{job_id}/events", stream=True) as answer:
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/event-stream")
        # Each item ends only after the event of the previous one has arrived. If nginx buffered the events, none would arrive.
        for line in map(str, answer.iter_lines(chunk_size=1, decode_unicode=True)):
            if line.startswith("data: "):
                job = json.loads(line[6:])
                if not completed or job["completed"] > completed[-1]:
                    completed.append(job["completed"])
                    work_on_one_ticker()
    assert completed == [0, 1, 2, 3, 4, 5]


def test_a_websocket_passes(nginx: Nginx) -> None:
    job_id = post_job(nginx)
    url = nginx.url(f"/ws/jobs/{job_id}").replace("https:", "wss:")
    completed = []
    socket_options: dict[str, Any] = {"header": KEY, "timeout": 60, "sslopt": {"ca_certs": str(nginx.certificate)}}
    connection = websocket.create_connection(url, **socket_options)
    try:
        while not completed or completed[-1] < len(SAMPLE):
            job = json.loads(connection.recv())
            if not completed or job["completed"] > completed[-1]:
                completed.append(job["completed"])
                work_on_one_ticker()
    finally:
        connection.close()
    assert completed == [0, 1, 2, 3, 4, 5]


def test_what_is_too_large_is_refused_by_the_application_and_beyond_by_nginx(server: Server, nginx: Nginx) -> None:
    for size, detail_of in ((6_000_000, "application"), (33_600_000, "nginx")):
        before = server.log.count('"status":413')
        answer = nginx.ask("/api/v1/prices/MINE", "PUT", data=b"x" * size, headers={"Content-Type": "text/csv"})
        assert_problem(answer, 413, "payload_too_large")
        reached = 1 if detail_of == "application" else 0
        wait_until(lambda before=before, reached=reached: server.log.count('"status":413') == before + reached)
    # A price file within the size limit reaches the application, which finds the faults in it.
    answer = nginx.ask("/api/v1/prices/MINE", "PUT", data=b"x," * 2_400_000, headers={"Content-Type": "text/csv"})
    assert_problem(answer, 422, "price_quality")


def test_callers_cannot_claim_another_address_or_host(server: Server, nginx: Nginx, tmp_path: Path) -> None:
    """A listener in place of the application receives the request that nginx forwards."""
    server.stop()
    forged = {"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Prefix": "/evil"}
    with socket.create_server(("127.0.0.1", server.port)) as listener:
        listener.settimeout(60)
        import threading

        heard: list[bytes] = []

        def listen() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=listen)
        thread.start()
        assert nginx.ask("/health/live", headers=forged).status_code == 204
        thread.join()
    lines = heard[0].decode().splitlines()
    sent = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    assert (sent["x-forwarded-for"], sent["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert (sent["host"], sent["x-forwarded-host"]) == (HOST, HOST)
    assert "x-forwarded-prefix" not in sent
    assert "connection" not in sent or sent["connection"] != "upgrade"


def test_a_stopped_application_is_told_as_a_problem(server: Server, nginx: Nginx) -> None:
    assert server.stop() == 0
    for path in ("/api/v1/tickers", "/api/v1/jobs/x/events", "/ws/jobs/x"):
        answer = nginx.ask(path)
        assert_problem(answer, 502, "unavailable")
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Cache-Control"] == "no-store"


def test_what_nginx_itself_refuses_is_a_problem(nginx: Nginx) -> None:
    assert_problem(nginx.ask("/health/live", headers={"X-Long": "x" * 9_000}), 400, "bad_request")
    assert_problem(nginx.ask("/" + "x" * 9_000), 414, "bad_request")


def test_metrics_are_for_this_machine(nginx: Nginx) -> None:
    assert nginx.ask("/metrics").status_code != 403  # nginx allows 127.0.0.1; the status is the one of the application
    site = nginx.configuration.with_name("site.conf")
    nginx.end()
    site.write_text(site.read_text().replace("allow 127.0.0.1;", ""))  # as for any other address
    nginx.start()
    assert_problem(nginx.ask("/metrics"), 403, "forbidden")
