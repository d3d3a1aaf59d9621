"""Every page is accessible, fits a phone, and shows API errors and hostile text safely. The first page is small, and reads are retried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kit.accessibility import serious
from kit.browser import PAGES, Open, Site, Watch, settled
from playwright.sync_api import expect

HOSTILE = '"><img src=x onerror="document.title=1">'


@pytest.mark.parametrize("path", ["/login", *PAGES, "/tickers/AAPL?tab=record", "/prices?ticker=AAPL", "/docs/runbook"])
def test_it_is_accessible_and_fits_a_phone(open_page: Open, path: str) -> None:
    """Axe finds no serious problem on a desktop in light mode or on a phone in dark mode, where no page scrolls sideways."""
    page = open_page(path, signed_in=path != "/login", color_scheme="light")
    settled(page)
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_a_checked_file_is_accessible_and_fits_a_phone(open_page: Open, tmp_path: Path) -> None:
    file = tmp_path / "CHECKED.csv"
    file.write_text("Date,Open,High,Low,Close,Volume\n" + "".join(f"2025-09-{day:02},10,11,9,10.5,{day}\n" for day in range(1, 31)))
    page = open_page("/prices", color_scheme="light")
    page.locator("#price-files").set_input_files(str(file))
    expect(page.locator('.file-row[data-state="checked"] .closes-canvas')).to_have_attribute("data-points", '{"stored":0,"file":30}')
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_long_names_of_strategies_fit_a_phone(open_page: Open, site: Site) -> None:
    name = "A rather long name that somebody gave a strategy of theirs"
    balanced = site.api("GET", "/strategies").json()["items"][0]
    weights = {key: balanced[key] for key in ("category_weights", "indicator_weights")}
    made = site.api("POST", "/strategies", json={"name": name, "base": "balanced", **weights}).json()
    try:
        page = open_page(None, viewport={"width": 390, "height": 844})
        for path, choice in (("/evidence", "#strategy"), ("/indices", "#index-screen-strategy")):
            page.goto(site.url(path))
            if path == "/indices":
                page.get_by_text("Make an index").click()
                page.get_by_text("More rules").click()
            expect(page.locator(choice)).to_contain_text(name)
            expect(page.locator(choice)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        site.api("DELETE", f"/strategies/{made['id']}")


@pytest.mark.parametrize("path", PAGES)
def test_an_api_that_fails_is_told_in_words(open_page: Open, site: Site, watch: Watch, path: str) -> None:
    watch.expected += ["503", "Failed to load resource"]
    page = open_page(None)
    problem = '{"code":"unavailable","title":"Service Unavailable","status":503,"detail":"The database does not answer right now."}'
    page.route("**/api/v1/**", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem))
    page.goto(site.url(path))
    expect(page.get_by_text("The database does not answer right now.").first).to_be_visible()


def test_hostile_text_is_text(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("422")  # the ticker in the URL is invalid
    site.api("POST", "/watchlist", json={"ticker": "XSS", "name": HOSTILE, "notes": HOSTILE})
    try:
        page = open_page("/")
        expect(page.locator('tr[data-ticker="XSS"]')).to_contain_text("onerror")
        page.goto(site.url("/tickers/%3Cimg%20src=x%20onerror=alert(1)%3E"))
        settled(page)
        assert page.locator("main img").count() == 0
        assert page.title() != "1"
    finally:
        site.api("DELETE", "/watchlist/XSS")


def test_the_first_page_is_light(open_page: Open, site: Site) -> None:
    page = open_page(None)
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if answer.ok and "/static/" in answer.url else None)
    page.goto(site.url("/"))
    settled(page)
    assert 0 < sum(sizes) <= 170_000


def test_a_read_that_finds_no_slot_is_tried_again(open_page: Open) -> None:
    page = open_page("/screener")
    settled(page)
    problem = json.dumps({"code": "unavailable", "detail": "This server makes as many reports as it can."})
    script = f"""async () => {{
      const {{ api }} = await import(document.querySelector('script[src*="/js/shell.js"]').src.replace("shell.js", "api.js"));
      const busy = (seconds) => new Response('{problem}', {{
        status: 503, headers: {{ "Content-Type": "application/problem+json", "Retry-After": seconds }} }});
      const answers = [busy("1"), Response.json({{ dates: [] }}), busy("5"), busy("1")];
      let asked = 0;
      window.fetch = async () => answers[asked++];
      const first = await api.get("/series/AAPL");
      const refused = [];
      for (const call of [() => api.get("/series/AAPL"), () => api.post("/analyze")])
        await call().catch((error) => refused.push(error.status));
      return [first, refused, asked];
    }}"""
    assert page.evaluate(script) == [{"dates": []}, [503, 503], 4]
