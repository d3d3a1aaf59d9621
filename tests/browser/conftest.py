"""A real browser against a real server: Debian's Chromium, driven by Playwright. Pages are watched for errors and requests elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from kit.paths import ROOT
from kit.servers import free_port, wait_until
from kit.support import MASTER_KEY, SECRET_KEY

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
KEY = {"X-API-Key": MASTER_KEY}
PATIENCE = 60_000  # milliseconds: a machine may be slow, a page that hangs fails


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, in words, where there is no browser; where one is required, say so by failing. All in one process: they share it."""
    is_skipped = not (Path(CHROMIUM).exists() or os.environ.get("BELLWETHER_REQUIRE_TOOLS"))
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            if is_skipped:
                item.add_marker(pytest.mark.skip(reason="no Chromium found: `make test-browser` installs it, or set CHROMIUM to its path"))


@dataclass
class Site:
    """A server of its own, with the sample analysed."""

    port: int
    process: subprocess.Popen[bytes]
    log_path: Path

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def api(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self.url(f"/api/v1{path}"), headers={**KEY, **more.pop("headers", {})}, timeout=60, **more)

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log_path.read_text()
        try:
            return requests.get(self.url("/health/ready"), timeout=60).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False


def start_site(folder: Path, **environment: str) -> Site:
    """`python app.py` on an empty folder; serves once the sample is analysed."""
    port = free_port()
    log_path = folder / "log"
    given = {"PATH": os.environ["PATH"], "PORT": str(port), "DATA_DIR": str(folder / "var"), "MASTER_API_KEY": MASTER_KEY}
    given |= {"SECRET_KEY": SECRET_KEY, "RATE_LIMIT_ENABLED": "false", "LOCAL_WORKERS": "1", "LOG_LEVEL": "warning", **environment}
    with log_path.open("wb") as log:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=given, stdout=log, stderr=subprocess.STDOUT)
    site = Site(port, process, log_path)
    wait_until(site.answers)
    return site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all browser tests of this process."""
    made = start_site(tmp_path_factory.mktemp("site"))
    yield made
    made.process.terminate()
    made.process.wait(60)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all browser tests of this process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong in a page that a test did not ask for."""

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # parts of errors that the test provokes

    def problems(self) -> list[str]:
        return [error for error in self.errors if not any(part in error for part in self.expected)] + self.elsewhere


@pytest.fixture
def watch() -> Watch:
    return Watch()


Open = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Any, site: Site, watch: Watch) -> Iterator[Open]:
    """Opens pages in contexts of their own, signed in unless told otherwise; at the end nothing must have gone wrong in any of them."""
    contexts = []

    def make(path: str | None = "/", *, signed_in: bool = True, at: Site = site, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: watch.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        page.on("request", lambda request: _note_elsewhere(watch, request.url, at))
        if signed_in:
            sign_in(page, at)
        if path is not None:
            page.goto(at.url(path))
        return page

    yield make
    for context in contexts:
        context.close()
    assert watch.problems() == []


def sign_in(page: Any, site: Site) -> None:
    """As a person does."""
    page.goto(site.url("/login"))
    page.get_by_label("API key").fill(MASTER_KEY)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(site.url("/"))


def _note_elsewhere(watch: Watch, url: str, site: Site) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.netloc != f"127.0.0.1:{site.port}":
        watch.elsewhere.append(f"a request to {url}")
