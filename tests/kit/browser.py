"""Helpers of the browser tests: Chromium, a server whose sample prices are analysed, and a recorder of the errors of pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from api.heavy import RETRY_AFTER
from kit.paths import HIDDEN, ROOT
from kit.servers import free_port, wait_until
from kit.support import MASTER_KEY, SECRET_KEY
from models.job import Lane

# The headless shell does the work of a page alone; the whole browser has a window and its own pages, which take as long again.
SHELL = "chromium-headless-shell"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which(SHELL) or shutil.which("chromium") or f"/usr/bin/{SHELL}"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # no request leaves the machine
]
# A path of each page that is read by who has signed in.
PAGES = (
    "/",
    "/tickers/AAPL",
    "/alerts",
    "/channels",
    "/screener",
    "/tasks",
    "/reports",
    "/prices",
    "/universes",
    "/evidence",
    "/risk?ticker=AAPL&benchmark=MSFT",
    "/portfolios",
    "/indices",
    "/schedules",
    "/news",
    "/pipelines",
    "/diagnostics",
    "/account",
    "/organization",
    "/audit",
    "/integrations",
)
# For every page: counts the calls whose answer has not begun to come.
COUNT_CALLS = """
const original = window.fetch;
window.inFlight = 0;
window.fetch = (...given) => {
  window.inFlight += 1;
  return original(...given).finally(() => { window.inFlight -= 1; });
};
"""
QUIET_LOOKS = 6
LOOK = """([asked, looks]) => {
  if (window.settling?.asked !== asked) window.settling = { asked, quiet: 0 };
  const isQuiet = window.inFlight === 0 && !document.querySelector("[aria-busy=true]");
  window.settling.quiet = isQuiet ? window.settling.quiet + 1 : 0;
  return window.settling.quiet >= looks;
}"""
_SETTLING = count()
KEY = {"X-API-Key": MASTER_KEY}
ASKED_AGAIN = Retry(
    20, status_forcelist=[503], allowed_methods=None, respect_retry_after_header=True, raise_on_status=False, connect=0, read=0
)
REFUSED_LOAD = "Failed to load resource: the server responded with a status of 503"
NOT_FOUND = "Failed to load resource: the server responded with a status of 404"
NOT_COMPUTED_YET = "/api/v1/evidence?"  # the evidence of a universe, which the page can only ask for
PATIENCE = 60_000  # milliseconds: enough for a slow machine, so that only a page that hangs fails


@dataclass
class Site:
    """A server whose sample prices are analysed."""

    port: int
    process: subprocess.Popen[bytes]
    log_path: Path
    host: str = "127.0.0.1"

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def api(self, method: str, path: str, **more: Any) -> requests.Response:
        """Ask without the page. A page of the same person may hold the slots of heavy reads for a moment, so a 503 is asked again."""
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=ASKED_AGAIN))
            return session.request(method, self.url(f"/api/v1{path}"), headers={**KEY, **more.pop("headers", {})}, timeout=60, **more)

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log_path.read_text()
        try:
            return requests.get(self.url("/health/ready"), timeout=60).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def lanes(self) -> set[str]:
        """The lanes whose jobs are run."""
        return {lane for worker in self.api("GET", "/admin/workers").json()["items"] for lane in worker["lanes"]}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def start_site(folder: Path, **environment: str) -> Site:
    """Start `python app.py` with the data of a folder, and wait until it and its job workers are ready. By then the sample is analysed."""
    port = int(environment.get("PORT") or free_port())
    log_path = folder / "log"
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": HIDDEN, "PORT": str(port), "DATA_DIR": str(folder / "var")}
    variables |= {
        "MASTER_API_KEY": MASTER_KEY,
        "SECRET_KEY": SECRET_KEY,
        "RATE_LIMIT_ENABLED": "false",
        "LOCAL_WORKERS": "1",
        "LOG_LEVEL": "warning",
        **environment,
    }
    with log_path.open("ab") as log:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT)
    site = Site(port, process, log_path)
    try:
        wait_until(site.answers)
        if variables["LOCAL_WORKERS"] != "0":
            wait_until(lambda: site.lanes() == set(Lane))
    except BaseException:
        site.stop()
        raise
    return site


@dataclass
class Watch:
    """Records errors in pages that a test does not expect, and requests to other sites.

    A refusal for want of a slot is none of them: Chromium reports it as an error, and the page asks again. Nor is the answer that
    nothing has been computed yet.
    """

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # parts of errors that the test provokes
    also: set[str] = field(default_factory=set)  # the beginnings of addresses elsewhere that the test leads to
    refused_loads: list[tuple[str, str]] = field(default_factory=list)  # what Chromium reported, and of which address
    asked_again: set[str] = field(default_factory=set)

    def problems(self) -> list[str]:
        errors = self.errors + [error for error, url in self.refused_loads if url not in self.asked_again]
        return [error for error in errors if not any(part in error for part in self.expected)] + self.elsewhere

    def follow(self, page: Any, site: Site) -> None:
        """Record the errors of a page from now on, and its requests to anything but the site."""
        page.on("console", self._note_message)
        page.on("response", self._note_refusal)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note_elsewhere(request.url, site))

    def _note_message(self, message: Any) -> None:
        if message.type != "error" or (message.text.startswith(NOT_FOUND) and NOT_COMPUTED_YET in message.location["url"]):
            return
        if message.text.startswith(REFUSED_LOAD):
            self.refused_loads.append((message.text, message.location["url"]))
        else:
            self.errors.append(message.text)

    def _note_refusal(self, response: Any) -> None:
        if response.status == 503 and response.headers.get("retry-after") == RETRY_AFTER:
            self.asked_again.add(response.url)

    def _note_elsewhere(self, url: str, site: Site) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and not url.startswith(tuple(self.also)) and parts.netloc != f"{site.host}:{site.port}":
            self.elsewhere.append(f"a request to {url}")


Open = Callable[..., Any]
StartSite = Callable[..., Site]


def sign_in(page: Any, site: Site, key: str = MASTER_KEY) -> None:
    """Give the page's browser a session, by the request that the form of a page whose session has ended makes."""
    answer = page.context.request.post(site.url("/login"), form={"key": key}, headers={"Accept": "application/json"}, timeout=PATIENCE)
    assert answer.status == 204, answer.text()


def value_portfolios(site: Site) -> None:
    """Have all portfolios valued, as each night does."""
    steps = [{"as": "all", "capability": "portfolio_valuation"}]
    site.api("PUT", "/pipelines/values", json={"id": "values", "name": "Values", "steps": steps})
    run = site.api("POST", "/pipelines/values/runs", json={}).json()
    wait_until(lambda: site.api("GET", f"/runs/{run['id']}").json()["status"] == "completed")
    site.api("DELETE", "/pipelines/values")


def settled(page: Any) -> None:
    """Wait until a page has loaded, is busy with nothing, and has no call under way for some looks in a row: an answer may lead to a call.

    Playwright's own "networkidle" waits for half a second without any connection, which a page that polls may never have on a slow machine.
    """
    page.wait_for_load_state()
    # Looked at in the page: unlike `evaluate`, this ends in time where the page hangs.
    page.wait_for_function(LOOK, arg=[next(_SETTLING), QUIET_LOOKS], polling=30)


def module(name: str) -> str:
    """A JavaScript expression for a module of the page's own scripts."""
    return f"import(document.querySelector('script[src*=\"/js/shell.js\"]').src.replace('shell.js', '{name}'))"
