"""The page of risk: chosen by its form and its address, with the numbers of the API, alone and beside a benchmark."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from playwright.sync_api import Page, expect

DAYS = {"start": "2008-01-02", "end": "2012-12-31"}
PERIOD = "&".join(f"{name}={value}" for name, value in DAYS.items())


def risk(site: Site, **more: Any) -> Any:
    return site.api("GET", "/risk/AAPL", params={**DAYS, **more}).json()


def cell(page: Page, metric: str, at: int = 0) -> str:
    return page.locator(f"tr[data-metric={metric}] td").nth(at).inner_text().strip()


def percent(value: float, digits: int = 2) -> str:
    return f"{100 * value:+.{digits}f}%"


def test_it_is_chosen_and_told_in_numbers_and_pictures(open_page: Open, site: Site) -> None:
    page = open_page("/risk")
    expect(page.get_by_text("Of what?")).to_be_visible()
    page.get_by_label("Ticker, portfolio or index").fill("aapl")
    page.get_by_label("From", exact=True).fill(DAYS["start"])
    page.get_by_label("To", exact=True).fill(DAYS["end"])
    page.get_by_role("button", name="Measure").click()
    settled(page)
    assert page.url.endswith(f"/risk?ticker=AAPL&{PERIOD}")
    found = risk(site)
    metrics = found["metrics"]
    expect(page.get_by_role("heading", name="What 100 became in AAPL")).to_be_visible()
    assert cell(page, "max_drawdown") == percent(metrics["max_drawdown"]["value"])
    assert cell(page, "sharpe") == f"{metrics['sharpe']['value']:.2f}"
    assert page.locator("tr[data-metric=beta]").count() == 0
    assert page.locator(".months tbody tr").count() == 5
    march = next(each["value"] for each in found["months"] if each["month"] == "2009-03")
    assert page.locator(".months tbody tr", has_text="2009").locator("td").nth(2).inner_text() == f"{100 * march:+.1f}"
    assert page.get_by_role("region", name="The deepest falls").locator("tbody tr").count() == len(found["falls"])
    for words in ("100 became", "by their return: most often between", "The volatility of each quarter: lowest"):
        expect(page.get_by_role("img", name=words)).to_be_visible()
    page.get_by_text("What these numbers mean").click()
    expect(page.get_by_text(metrics["cvar_95"]["definition"])).to_be_visible()


def test_a_benchmark_stands_beside_it(open_page: Open, site: Site) -> None:
    page = open_page(f"/risk?ticker=AAPL&benchmark=MSFT&rate=3&{PERIOD}")
    settled(page)
    found = risk(site, benchmark="MSFT", rate=0.03)
    assert cell(page, "cagr", 1) == percent(found["benchmark"]["metrics"]["cagr"]["value"])
    assert cell(page, "beta") == f"{found['metrics']['beta']['value']:.2f}"
    assert cell(page, "beta", 1) == "–"
    expect(page.get_by_text("of days that both have")).to_be_visible()
    page.get_by_text("The curves as a table, by year").click()
    expect(page.get_by_role("columnheader", name="Deepest fall, MSFT")).to_be_visible()
    page.get_by_label("Beside").fill("")
    page.get_by_role("button", name="Measure").click()
    settled(page)
    assert page.locator("tr[data-metric=beta]").count() == 0
    page.go_back()
    settled(page)
    expect(page.get_by_label("Beside")).to_have_value("MSFT")
    assert cell(page, "beta") == f"{found['metrics']['beta']['value']:.2f}"


def test_a_period_is_chosen_by_a_button(open_page: Open, site: Site) -> None:
    page = open_page(f"/risk?ticker=AAPL&benchmark=MSFT&{PERIOD}")
    settled(page)
    group = page.get_by_role("group", name="Period")
    assert group.locator("[aria-pressed=true]").count() == 0
    group.get_by_role("button", name="3 years").click()
    settled(page)
    assert page.url.endswith("/risk?ticker=AAPL&benchmark=MSFT&period=3y")
    found = site.api("GET", "/risk/AAPL", params={"period": "3y", "benchmark": "MSFT"}).json()
    assert cell(page, "cagr") == percent(found["metrics"]["cagr"]["value"])
    expect(page.get_by_label("From", exact=True)).to_have_value("")
    expect(page.get_by_role("img", name="The beta of each quarter: lowest")).to_be_visible()
    assert "period=3y" in (page.get_by_role("link", name="Download the risk as Excel").get_attribute("href") or "")
    page.get_by_label("From", exact=True).fill(DAYS["start"])
    page.get_by_role("button", name="Measure").click()
    settled(page)
    assert page.url.endswith(f"/risk?ticker=AAPL&benchmark=MSFT&start={DAYS['start']}")
    group.get_by_role("button", name="All").click()
    settled(page)
    assert page.url.endswith("/risk?ticker=AAPL&benchmark=MSFT")
    expect(group.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")


def test_portfolios_and_indexes_are_chosen_by_name(open_page: Open, site: Site) -> None:
    rules = {"members": {"tickers": ["AAPL", "IBM"]}, "weighting": {"method": "equal"}, "rebalance": "monthly", "start": "2011-01-03"}
    made = site.api("POST", "/indexes", json={"name": "Two <computers>", **rules}).json()
    owned = site.api("POST", "/portfolios", json={"name": "My own", "base_currency": "USD"}).json()
    page = open_page("/risk")
    settled(page)
    field, beside = page.get_by_label("Ticker, portfolio or index"), page.get_by_label("Beside")
    field.focus()
    offered = page.locator("#risk-ticker-suggestions option")
    for at, label in enumerate(("Portfolio: My own", "Index: Two <computers>")):
        expect(offered.nth(at)).to_have_attribute("value", label)
    field.fill("index: two <computers>")
    beside.fill("msft")
    page.get_by_role("button", name="Measure").click()
    settled(page)
    assert page.url.endswith(f"/risk?ticker={made['id']}&benchmark=MSFT")
    expect(page.get_by_role("heading", name="What 100 became in Two <computers>")).to_be_visible()
    expect(page).to_have_title("Risk of Two <computers> – Bellwether")
    found = site.api("GET", f"/risk/{made['id']}", params={"benchmark": "MSFT"}).json()
    assert cell(page, "beta") == f"{found['metrics']['beta']['value']:.2f}"
    assert serious(page) == []
    page.goto(site.url(f"/risk?ticker=AAPL&benchmark={made['id']}"))
    settled(page)
    expect(beside).to_have_value("Index: Two <computers>")
    expect(page.get_by_role("columnheader", name="Two <computers>", exact=True)).to_be_visible()
    for path in (f"/indexes/{made['id']}", f"/portfolios/{owned['id']}"):
        assert site.api("DELETE", path).status_code == 204


def test_its_lines_are_saved(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page(f"/risk?ticker=AAPL&{PERIOD}")
    settled(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="CSV").click()
    saving.value.save_as(tmp_path / "risk.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "risk.csv").read_text())))
    assert (saving.value.suggested_filename, len(rows)) == ("risk-AAPL.csv", risk(site)["days"] + 1)


def test_what_is_wrong_is_said(open_page: Open, watch: Watch) -> None:
    watch.expected.append("404")
    page = open_page("/risk")
    measure = page.get_by_role("button", name="Measure")
    for label, value, words in [
        ("Ticker, portfolio or index", "no ticker!", "a ticker such as AAPL"),
        ("Interest without risk, % a year", "-1", "from 0 to 100"),
    ]:
        page.get_by_label("Ticker, portfolio or index").fill("AAPL")
        page.get_by_label(label, exact=True).fill(value)
        measure.click()
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
        expect(page.get_by_label(label, exact=True)).to_be_focused()
    page.get_by_label("Interest without risk, % a year").fill("0")
    page.get_by_label("Ticker, portfolio or index").fill("NONE")
    measure.click()
    expect(page.get_by_role("alert").filter(has_text="NONE")).to_be_visible()


def test_a_ticker_leads_to_it(open_page: Open) -> None:
    page = open_page("/tickers/AAPL")
    settled(page)
    page.get_by_role("link", name="Risk", exact=True).click()
    expect(page).to_have_title("Risk of AAPL – Bellwether")
