"""Load time of the pages in a real browser; needs Debian's Chromium, and is skipped without it."""

from __future__ import annotations

import shutil
from statistics import median
from typing import Any

from benchmarks.demo_prices import load_demo
from benchmarks.load import request
from benchmarks.report import Row, within
from benchmarks.servers import KEY, Servers

TITLE = "Dashboard: in a browser"
NOTE = (
    "Headless Chromium on the same machine, from navigation to the page's own mark: the overview of 500 tickers with its rows drawn and "
    "its buttons working, and a ticker's chart with 3,270 candles drawn. The median of 7 loads, files in the browser's cache."
)
TICKERS, LOADS = 500, 7
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def measure(servers: Servers) -> list[Row]:
    """The table's rows; none without a browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return [Row("no Chromium found", "–")]
    from playwright.sync_api import sync_playwright

    url = servers.database_url("SQLite", "browser")
    load_demo(url, TICKERS, 3270)
    server = servers.bellwether("browser", url)
    connection = server.connect()
    for number in range(1, TICKERS + 1):
        connection.exchange(request("POST", "/api/v1/watchlist", KEY, {"ticker": f"DEMO{number:05d}"}))
    connection.close()
    base = f"http://127.0.0.1:{server.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        page.goto(f"{base}/login")
        page.get_by_label("API key").fill(KEY)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{base}/")
        overview = _ready(page, f"{base}/", "overview-ready")
        chart = _ready(page, f"{base}/tickers/AAPL?range=all", "chart-drawn")
        browser.close()
    return [
        within(f"the overview of {TICKERS} tickers is interactive", overview, 1.0),
        within("3,270 candles are drawn", chart, 1.5),
    ]


def _ready(page: Any, url: str, mark: str) -> float:
    """The median of seconds from navigation to a mark."""
    taken = []
    for _ in range(LOADS + 1):
        page.goto(url)
        moment = None
        while moment is None:
            page.wait_for_timeout(50)
            moment = page.evaluate("(name) => performance.getEntriesByName(name)[0]?.startTime ?? null", mark)
        taken.append(moment / 1000)
    return median(taken[1:])
