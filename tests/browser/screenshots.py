"""`make screenshots`: saves a screenshot of every page, light and dark, at desktop and phone size, in docs/screenshots."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from kit.browser import CHROMIUM, COUNT_CALLS, FLAGS, PATIENCE, Site, settled, sign_in, start_site
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
    "indices": "/indices",
    "portfolios": "/portfolios",
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
NOTES = {"AAPL": "After the split", "GOOG": None, "IBM": "The old lady", "MSFT": None, "FB": "Since its first day"}


def main() -> None:
    """Start a server, fill it with data, and take the screenshots."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bellwether-screenshots-") as folder, sync_playwright() as playwright:
        site = start_site(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            _fill(site)
            for scheme in ("light", "dark"):
                for size, viewport in SIZES.items():
                    context = browser.new_context(viewport=viewport, color_scheme=scheme, locale="en-GB", timezone_id="Europe/Zurich")
                    context.set_default_timeout(PATIENCE)
                    context.add_init_script(COUNT_CALLS)
                    page = context.new_page()
                    page.goto(site.url("/login"))
                    page.screenshot(path=FOLDER / f"login-{size}-{scheme}.png")
                    sign_in(page, site)
                    for name, path in PAGES.items():
                        if name != "login":
                            page.goto(site.url(path))
                            settled(page)
                            page.screenshot(path=FOLDER / f"{name}-{size}-{scheme}.png")
                    context.close()
        finally:
            browser.close()
            site.stop()


def _fill(site: Site) -> None:
    for ticker, notes in NOTES.items():
        site.api("POST", "/watchlist", json={"ticker": ticker, "notes": notes})
    site.api("POST", "/bulk-analyze", json={"universe": "all", "strategy": "trend"})
    phone = {"name": "Phone", "type": "ntfy", "url": "https://ntfy.example/evening", "time_zone": "Europe/Zurich"}
    site.api("POST", "/evening-run", json={"strategies": ["balanced", "trend"], "channel": phone})
    turns = {"name": "Turns to Buy", "on": "verdict_changed", "universe": "watchlist", "conditions": {"to": ["Buy", "Strong Buy"]}}
    site.api("POST", "/alert-rules", json=turns)
    members = {"tickers": ["AAPL", "GOOG", "IBM", "MSFT"]}
    site.api(
        "POST", "/indexes", json={"name": "Computers", "members": members, "weighting": {"method": "equal_risk"}, "start": "2006-01-03"}
    )
    evidence = site.api("POST", "/evidence", json={"universe": "all"}).json()
    bad = site.api("POST", "/bulk-analyze", json={"tickers": ["AAPL", "IBM", "NOSUCH"]}).json()
    for job in (evidence, bad):
        wait_until(lambda job=job: site.api("GET", f"/jobs/{job['id']}").json()["status"] == "completed")


if __name__ == "__main__":
    main()
