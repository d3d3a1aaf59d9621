"""One language at a time: dates and numbers are in the page's, whatever the browser's. A state has one name and one colour."""

from __future__ import annotations

import re
from typing import Any

import pytest
from kit.browser import PAGES, Open, Site, settled
from playwright.sync_api import expect

FORMATS = """async () => {
  const at = (name) => document.querySelector('script[src*="/js/shell.js"]').src.replace("shell.js", name);
  const format = await import(at("format.js"));
  const { formatAgo, formatClock, formatDay, formatDuration, formatExactMoment, formatMoment, formatPercent, formatPrice } = format;
  const now = Date.parse("2026-03-28T12:00:00Z");
  return {
    price: formatPrice(1234567.891), percent: formatPercent(-1.5), day: formatDay("2026-03-28"),
    exact: formatExactMoment("2026-03-28T12:00:00Z"),
    moment: formatMoment("2026-03-28T12:00:00Z"), clock: formatClock("2026-03-28T12:00:00Z"),
    ago: formatAgo("2026-03-28T10:00:00Z", now), soon: formatAgo("2026-03-28T11:59:50Z", now),
    dayAgo: formatAgo("2026-03-27", now), daysAgo: formatAgo("2026-03-16", now),
    durations: [0.2, 59.7, 119.7, 3599.9, 7265].map(formatDuration),
  };
}"""
EVERYWHERE = {
    "price": "1,234,567.89",
    "percent": "-1.50%",
    "ago": "2 hours ago",
    "dayAgo": "yesterday",
    "daysAgo": "12 days ago",
    "soon": "just now",
    "durations": ["less than 1 s", "1 min 0 s", "2 min 0 s", "1 h 0 min", "2 h 1 min"],
}
READERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "a German in Zurich": ("de-DE", "Europe/Zurich", {"day": "28 Mar 2026", "moment": "28 Mar 2026, 13:00 CET", "clock": "13:00:00 CET"}),
    "an American in New York": (
        "en-US",
        "America/New_York",
        {"day": "Mar 28, 2026", "moment": "Mar 28, 2026, 08:00 AM EDT", "clock": "08:00:00 AM EDT"},
    ),
    "a Briton in Tokyo": ("en-GB", "Asia/Tokyo", {"day": "28 Mar 2026", "moment": "28 Mar 2026, 21:00 GMT+9", "clock": "21:00:00 GMT+9"}),
}
GERMAN = re.compile(r"\bvor \d+ |\bgestern\b|\d\.\d{3},\d{2}|\d{1,2}\. (Jan|Feb|März|Apr|Mai|Juni|Juli|Aug|Sept?|Okt|Nov|Dez)")


@pytest.mark.parametrize("reader", READERS)
def test_dates_are_of_the_page_language_and_of_the_readers_region(open_page: Open, reader: str) -> None:
    locale, zone, dates = READERS[reader]
    page = open_page("/tasks", locale=locale, timezone_id=zone)
    shown = {name: _plain(text) for name, text in page.evaluate(FORMATS).items()}
    assert shown == EVERYWHERE | dates | {"exact": f"{dates['day']}, {dates['clock']}"}


def _plain(text: Any) -> Any:
    return text.replace("\u202f", " ") if isinstance(text, str) else text


def test_no_page_is_half_german(open_page: Open, site: Site) -> None:
    site.api("POST", "/watchlist", json={"ticker": "AAPL"})
    page = open_page(None, locale="de-DE", timezone_id="Europe/Zurich")
    for path in (*PAGES, "/prices?ticker=AAPL"):
        page.goto(site.url(path))
        settled(page)
        text = page.locator("body").inner_text()
        assert (path, GERMAN.findall(text)) == (path, [])


def test_a_bars_day_has_no_hours(open_page: Open) -> None:
    page = open_page("/prices?ticker=AAPL")
    row = page.locator("tr", has_text="AAPL").first
    expect(row).to_contain_text("ago")
    assert not re.search(r"\b(hours?|minutes?) ago|just now", row.inner_text())


def test_a_state_has_one_name_and_one_colour_on_every_page(open_page: Open, site: Site) -> None:
    """A finished job has the same badge in the list of tasks, in its detail, and among the reports."""
    job = site.api("POST", "/bulk-analyze", json={"tickers": ["AAPL", "NOSUCHONE"]}).json()
    page = open_page(f"/tasks?job={job['id']}")
    badges = [page.locator("section[aria-label=Job] .badge")]
    expect(badges[0]).to_have_text("Completed")
    seen = [(badges[0].inner_text(), badges[0].get_attribute("class"))]
    for path, row in (("/tasks", f'tr[data-job="{job["id"]}"]'), ("/reports", f'tr[data-job="{job["id"]}"]')):
        page.goto(site.url(path))
        badge = page.locator(f"{row} .badge").first
        expect(badge).to_be_visible()
        seen.append((badge.inner_text(), badge.get_attribute("class")))
    assert set(seen) == {("Completed", "badge good")}
