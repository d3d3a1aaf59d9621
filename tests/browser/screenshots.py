"""`make screenshots`: saves screenshots of all pages, light and dark, at desktop and phone size, in docs/screenshots; of some by `ONLY`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kit.browser import CHROMIUM, COUNT_CALLS, FLAGS, PATIENCE, Site, settled, sign_in, start_site, value_portfolios
from kit.paths import ROOT
from kit.servers import wait_until
from playwright.sync_api import sync_playwright

FOLDER = ROOT / "docs" / "screenshots"
PAGES = {
    "login": "/login",
    "overview": "/",
    "ticker": "/tickers/AAPL",
    "record": "/tickers/AAPL?tab=record",
    "screener": "/screener",
    "tasks": "/tasks",
    "reports": "/reports",
    "prices": "/prices",
    "evidence": "/evidence",
    "risk": "/risk?ticker=AAPL&benchmark=MSFT",
    "indices": "/indices?beside=MSFT",
    "portfolios": "/portfolios",
    "portfolio": "/portfolios?id={portfolio}&period=5y",
    "alerts": "/alerts",
    "schedules": "/schedules",
    "news": "/news",
    "pipelines": "/pipelines",
    "channels": "/channels",
    "diagnostics": "/diagnostics",
    "account": "/account",
    "organization": "/organization",
    "audit": "/audit",
    "integrations": "/integrations",
}
SIZES: dict[str, Any] = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
TRANSACTIONS = (
    {"type": "deposit", "day": "2009-01-05", "amount": "16000"},
    {"type": "buy", "day": "2009-01-06", "ticker": "AAPL", "quantity": "25", "price": "93.02", "fee": "7.95"},
    {"type": "buy", "day": "2009-03-06", "ticker": "MSFT", "quantity": "250", "price": "15.28", "fee": "7.95"},
    {"type": "buy", "day": "2010-05-06", "ticker": "IBM", "quantity": "30", "price": "123.92", "fee": "7.95"},
    {"type": "buy", "day": "2010-06-07", "ticker": "GOOG", "quantity": "8", "price": "485.52", "fee": "7.95"},
    {"type": "sell", "day": "2011-06-07", "ticker": "MSFT", "quantity": "50", "price": "24.06", "fee": "7.95"},
    *(
        {"type": "dividend", "day": f"{year}-{month:02}-10", "ticker": "IBM", "amount": amount, "tax": "3.40"}
        for year, amount in (("2011", "22.50"), ("2012", "25.50"))
        for month in (3, 6, 9, 12)
    ),
)
NOTES = {"AAPL": "After the split", "GOOG": None, "IBM": "The old lady", "MSFT": None, "FB": "Since its first day"}


def main(only: Sequence[str]) -> None:
    """Start a server, fill it with data, and take the screenshots of all pages, or of those that are named."""
    chosen = {name: path for name, path in PAGES.items() if not only or name in only}
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bellwether-screenshots-") as folder, sync_playwright() as playwright:
        site = start_site(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            portfolio = _fill(site)
            for scheme in ("light", "dark"):
                for size, viewport in SIZES.items():
                    context = browser.new_context(viewport=viewport, color_scheme=scheme, locale="en-GB", timezone_id="Europe/Zurich")
                    context.set_default_timeout(PATIENCE)
                    context.add_init_script(COUNT_CALLS)
                    page = context.new_page()
                    if "login" in chosen:
                        page.goto(site.url("/login"))
                        page.screenshot(path=FOLDER / f"login-{size}-{scheme}.png")
                    sign_in(page, site)
                    for name, path in chosen.items():
                        if name != "login":
                            page.goto(site.url(path.format(portfolio=portfolio)))
                            settled(page)
                            page.screenshot(path=FOLDER / f"{name}-{size}-{scheme}.png")
                    context.close()
        finally:
            browser.close()
            site.stop()


def _fill(site: Site) -> str:
    """Fill a site; return the id of its portfolio."""
    for ticker, notes in NOTES.items():
        site.api("POST", "/watchlist", json={"ticker": ticker, "notes": notes})
    site.api("POST", "/bulk-analyze", json={"universe": "all", "strategy": "trend"})
    phone = {"name": "Phone", "type": "ntfy", "url": "https://ntfy.example/evening", "time_zone": "Europe/Zurich"}
    site.api("POST", "/evening-run", json={"strategies": ["balanced", "trend"], "channel": phone})
    turns = {"name": "Turns to Buy", "on": "verdict_changed", "universe": "watchlist", "conditions": {"to": ["Buy", "Strong Buy"]}}
    site.api("POST", "/alert-rules", json=turns)
    members = {"tickers": ["AAPL", "GOOG", "IBM", "MSFT"]}
    rules = {"members": members, "weighting": {"method": "equal_risk"}, "start": "2006-01-03"}
    index = site.api("POST", "/indexes", json={"name": "Computers", **rules}).json()
    terms = {"name": "Savings", "base_currency": "USD", "benchmark": index["id"]}
    portfolio: str = site.api("POST", "/portfolios", json=terms).json()["id"]
    site.api("POST", f"/portfolios/{portfolio}/transactions/batch", json={"items": TRANSACTIONS})
    value_portfolios(site)
    evidence = site.api("POST", "/evidence", json={"universe": "all"}).json()
    bad = site.api("POST", "/bulk-analyze", json={"tickers": ["AAPL", "IBM", "NOSUCH"]}).json()
    for job in (evidence, bad):
        wait_until(lambda job=job: site.api("GET", f"/jobs/{job['id']}").json()["status"] == "completed")
    return portfolio


if __name__ == "__main__":
    main(sys.argv[1:])
