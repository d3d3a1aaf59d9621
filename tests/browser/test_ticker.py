"""The ticker page: what to do, what each strategy says, what would flip it, and the marks beside the chart."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from kit.browser import Open, Site, Watch, module
from kit.servers import wait_until
from playwright.sync_api import expect


@pytest.fixture(autouse=True)
def slots_may_be_taken(watch: Watch) -> None:
    """A chart that the page before asked for may still be made: the answer is then 503, and the page asks again."""
    watch.expected.append("503")


WINDOWS: dict[str, dict[str, Any]] = {"desktop": {}, "phone": {"viewport": {"width": 390, "height": 844}}, "dark": {"color_scheme": "dark"}}


@pytest.mark.parametrize("window", WINDOWS)
def test_marks_stand_beside_the_chart_and_not_over_each_other(open_page: Open, site: Site, window: str) -> None:
    page = open_page("/tickers/MSFT?strategy=trend", **WINDOWS[window])
    result = site.api("POST", "/analyze", json={"ticker": "MSFT", "strategy": "trend"}).json()
    marked = len(result["levels"]["support"]) + len(result["levels"]["resistance"]) + 3
    tags = page.locator(".chart-tag")
    expect(tags).to_have_count(marked)
    for tag in tags.all():
        expect(tag).to_be_visible()
    chart, boxes = box(page.locator("#chart")), sorted((box(tag) for tag in tags.all()), key=lambda at: at["y"])
    assert all(at["x"] >= chart["x"] + chart["width"] for at in boxes)
    assert all(above["y"] + above["height"] <= below["y"] + 0.5 for above, below in pairwise(boxes))
    assert all(chart["y"] <= at["y"] and at["y"] + at["height"] <= chart["y"] + chart["height"] for at in boxes)
    prices = [float(str(tag.get_attribute("data-price"))) for tag in tags.all()]
    assert prices == sorted(prices, reverse=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Support and resistance").click()
    expect(tags).to_have_count(3)


def box(locator: Any) -> dict[str, float]:
    found = locator.bounding_box()
    assert found is not None
    return dict(found)


SPREAD = f"async (wanted) => (await {module('ticker/tags.js')}).spread(wanted, 10, 100)"


@pytest.mark.parametrize(
    ("wanted", "middles"),
    [
        pytest.param([], [], id="none"),
        pytest.param([20, 40, 90], [20, 40, 90], id="room enough"),
        pytest.param([48, 52], [45, 55], id="two that would cover each other part in the middle"),
        pytest.param([40, 48, 52, 53], [33.25, 43.25, 53.25, 63.25], id="pushed into the next, they part together"),
        pytest.param([0, 1], [5, 15], id="not above the top"),
        pytest.param([100, 99.5], [85, 95], id="nor below the end"),
        pytest.param([50] * 10, [5, 15, 25, 35, 45, 55, 65, 75, 85, 95], id="as many as there is room for"),
    ],
)
def test_tags_are_as_near_to_their_lines_as_can_be(open_page: Open, wanted: list[float], middles: list[float]) -> None:
    assert open_page("/screener").evaluate(SPREAD, wanted) == pytest.approx(middles)


def test_a_buy_says_what_to_wait_for(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/MSFT?strategy=trend")
    trade = site.api("POST", "/analyze", json={"ticker": "MSFT", "strategy": "trend"}).json()["trade"]
    old, first, *rest = re.split(r"(?<=\.) ", trade["advice"])
    expect(page.locator("#advice")).to_have_text(f"{old} {first}")
    expect(page.locator("#position")).to_contain_text(" ".join(rest))
    expect(page.locator("#position")).to_contain_text("stop order, breakout")


def test_the_sizing_is_remembered_and_goes_back_to_the_defaults(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/MSFT?strategy=trend")
    page.get_by_label("Capital").first.fill("25000")
    page.get_by_label("Risk").fill("wrong")  # which is not kept
    page.goto(site.url("/tickers/MSFT?strategy=weekly"))
    page.goto(site.url("/tickers/MSFT?strategy=trend"))
    expect(page.locator("#position-capital")).to_have_value("25000")
    expect(page.locator("#position-riskPercent")).to_have_value("2")
    page.get_by_role("button", name="Back to the defaults").click()
    expect(page.locator("#position-capital")).to_have_value("100000")
    expect(page.locator("#position-capital")).to_be_focused()
    page.reload()
    expect(page.locator("#position-capital")).to_have_value("100000")
    expect(page.get_by_role("button", name="Back to the defaults")).to_be_hidden()


def test_a_sell_tells_owners_to_leave_and_folds_the_short_sale(open_page: Open) -> None:
    page = open_page("/tickers/AAPL")
    expect(page.locator("#advice")).to_have_text(
        "Update the prices first: the newest are of 1 March 2013. If you own it, sell at the next open; if you do not, stay out."
    )
    plan = page.locator("#position details")
    expect(plan.get_by_text("Target", exact=True)).to_be_hidden()
    assert {"Entry", "Stop", "Target"}.isdisjoint(tag.split(" ")[0] for tag in page.locator(".chart-tag").all_inner_texts())
    plan.get_by_text("The plan of a short sale").click()
    expect(plan.get_by_text("Target", exact=True)).to_be_visible()
    expect(plan).to_contain_text("For short sellers only: do not sell short")


def test_every_strategy_is_in_one_row_and_chosen_by_keyboard(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/AAPL")
    said = site.api("GET", "/verdicts/AAPL").json()["items"]
    options = page.locator(".strategy-option")
    expect(options).to_have_count(5)
    for item in said:
        option = page.locator(f'.strategy-option[data-strategy="{item["strategy"]}"]')
        expect(option).to_contain_text(item["name"])
        expect(option.locator(".badge")).to_have_text(item["verdict"])
    assert len({box(option)["y"] for option in options.all()}) == 1
    expect(page.locator("#strategy-about")).to_contain_text("Every indicator counts alike.")
    page.get_by_role("radio", name="Balanced").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/tickers/AAPL?strategy=trend")
    trend = said[1]
    expect(page.locator("[data-verdict]").first).to_have_attribute("data-verdict", trend["verdict"])
    expect(page.locator("#strategy-about")).to_contain_text("one direction for weeks")
    page.go_back()
    expect(page.get_by_role("radio", name="Balanced")).to_be_checked()


def test_the_verdicts_so_far_are_those_of_one_strategy(open_page: Open, site: Site) -> None:
    site.api("POST", "/analyze", json={"ticker": "IBM", "strategy": "weekly", "as_of": "2011-02-03"})
    site.api("POST", "/analyze", json={"ticker": "IBM", "strategy": "balanced", "as_of": "2012-05-04"})
    page = open_page("/tickers/IBM?strategy=weekly")
    rows = page.locator(".verdict-history tbody tr")
    expect(rows.first).to_be_visible()
    expect(page.locator(".verdict-history")).to_contain_text("2011")
    expect(page.locator(".verdict-history")).not_to_contain_text("2012")


def test_an_unchanged_close_comes_first_and_a_hair_is_called_one(open_page: Open, site: Site) -> None:
    # A day on which the verdict turns by itself, and turns back with the slightest rise.
    keys = {"keys": "open,high,low,close,volume"}
    days = wait_until(lambda: (answer := site.api("GET", "/series/AAPL", params=keys)).ok and answer).json()
    rows = zip(days["dates"], *(days["series"][key] for key in ("open", "high", "low", "close", "volume")), strict=True)
    lines = [",".join(map(str, row)) for row in list(rows)[:660]]
    site.api("PUT", "/prices/HAIR", data="\n".join(["Date,Open,High,Low,Close,Volume", *lines]), headers={"Content-Type": "text/csv"})
    result = site.api("POST", "/analyze", json={"ticker": "HAIR"}).json()
    flips = wait_until(lambda: (answer := site.api("GET", f"/results/{result['id']}/flips")).ok and answer).json()
    page = open_page("/tickers/HAIR")
    told = page.locator("#flips .flip")
    expect(told).to_have_count(3)
    expect(told.nth(0)).to_contain_text("closes unchanged at")
    expect(told.nth(0)).to_contain_text(f"it becomes {flips['unchanged']['verdict']}")
    expect(told.nth(1)).to_contain_text(f"With the slightest rise it stays {result['verdict']}")
    expect(told.nth(1)).to_contain_text("Compared with an unchanged close, the score changes most by:")


def test_analysed_is_when_the_stored_result_was_made(open_page: Open, site: Site) -> None:
    made = site.api("POST", "/analyze", json={"ticker": "GOOG"}).json()["created_at"]
    page = open_page("/tickers/GOOG")
    expect(page.locator(".verdict-words time")).to_have_attribute("datetime", made)


FORMAT = f"async (scores) => {{ const {{ formatScore }} = await {module('format.js')}; return scores.map((score) => formatScore(score)); }}"


def test_a_score_near_a_threshold_is_shown_on_its_side(open_page: Open) -> None:
    shown = {-0.1959: "-0.196", 0.2: "+0.200", 0.199996: "+0.199996", 0.6049: "+0.605", 0.35: "+0.35", 0.0: "0.00", -1.0: "-1.00"}
    assert open_page("/screener").evaluate(FORMAT, list(shown)) == list(shown.values())
