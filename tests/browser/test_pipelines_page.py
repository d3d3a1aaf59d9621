"""The page of pipelines: a form from the inputs, a dry run, a run with its trace, versions, workflows, and files with faults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from playwright.sync_api import Page, expect

HOSTILE = '"><img src=x onerror="document.title=1">'
ITEMS = [{"ticker": "AAPL", "score": 0.6}, {"ticker": HOSTILE, "score": 0.9}]
PIPELINE: dict[str, Any] = {
    "id": "strongest",
    "name": "The strongest",
    "description": HOSTILE,
    "inputs": {
        "least": {"type": "number", "title": "Least score", "default": 0.5},
        "strategy": {"type": "strategy", "title": "Strategy", "default": "balanced"},
        "universe": {"type": "universe", "title": "Universe", "default": "all"},
        "day": {"type": "date", "title": "Since"},
    },
    "steps": [
        {
            "as": "chosen",
            "capability": "select",
            "args": {"items": ITEMS, "where": [{"field": "score", "op": ">", "value": "{{inputs.least}}"}]},
        },
        {
            "as": "more",
            "capability": "select",
            "args": {"items": "{{steps.chosen.items}}"},
            "when": {"op": ">", "left": "{{steps.chosen.count}}", "right": 5},
        },
    ],
    "outputs": {"count": "{{steps.chosen.count}}"},
}


@pytest.fixture(autouse=True)
def stored(site: Site) -> Iterator[None]:
    assert site.api("PUT", "/pipelines/strongest", json=PIPELINE).status_code == 201
    yield
    site.api("DELETE", "/pipelines/strongest")
    for workflow in site.api("GET", "/workflows").json()["items"]:
        site.api("DELETE", f"/workflows/{workflow['id']}")


def opened(open_page: Open, **more: Any) -> Page:
    page = open_page("/pipelines", **more)
    settled(page)
    page.get_by_role("button", name="Open The strongest").click()
    expect(page.get_by_role("heading", name="The strongest")).to_be_focused()
    settled(page)
    return page


def test_a_dry_run_and_a_run_show_their_steps(open_page: Open) -> None:
    page = opened(open_page)
    expect(page.get_by_label("Universe")).to_have_value("all")
    page.get_by_label("Least score").fill("0.7")
    page.get_by_role("button", name="Say what it would do").click()
    expect(page.get_by_role("heading", name="What a run would do")).to_be_focused()
    expect(page.locator('tr[data-step="chosen"]')).to_contain_text("planned")
    page.get_by_role("button", name="Run", exact=True).click()
    run = page.locator("#run")
    expect(run.get_by_text("completed")).to_be_visible(timeout=30_000)
    expect(page.locator('tr[data-step="chosen"]')).to_contain_text("done")
    expect(page.locator('tr[data-step="more"]')).to_contain_text("Its condition: 1 > 5 does not hold.")
    page.locator('tr[data-step="chosen"] summary', has_text="Output").click()
    expect(page.locator('tr[data-step="chosen"] pre').nth(1)).to_contain_text("onerror")
    page.locator('tr[data-step="chosen"] summary', has_text="Input").click()
    expect(page.locator('tr[data-step="chosen"] pre').first).to_contain_text('"value": 0.7')
    assert page.locator("main img").count() == 0
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_what_does_not_fit_is_said_beside_its_field(open_page: Open, watch: Watch) -> None:
    watch.expected += ["422", "Failed to load resource"]
    page = opened(open_page)
    page.get_by_label("Since").fill("yesterday")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Since")).to_be_focused()
    expect(page.locator("#input-day-problem")).to_contain_text("A date is written YYYY-MM-DD")
    assert serious(page) == []


def test_an_older_version_can_be_gone_back_to(open_page: Open, site: Site) -> None:
    site.api("PUT", "/pipelines/strongest", json={**PIPELINE, "name": "Another name"})
    page = open_page("/pipelines")
    settled(page)
    page.get_by_role("button", name="Open Another name").click()
    page.locator("summary", has_text="Versions").click()
    page.get_by_role("button", name=re.compile("Go back to version")).first.click()
    expect(page.get_by_text(re.compile("is as version"))).to_be_visible()
    expect(page.locator('tr[data-pipeline="strongest"]')).to_contain_text("The strongest")


def test_workflows_are_run_switched_and_deleted(open_page: Open, site: Site) -> None:
    site.api("POST", "/workflows", json={"name": "At a change", "pipeline": "strongest", "event_type": "result.verdict_changed"})
    page = open_page("/pipelines")
    settled(page)
    page.get_by_role("button", name="Switch At a change off").click()
    expect(page.get_by_text("switched off")).to_be_visible()
    page.get_by_role("button", name="Run At a change").click()
    expect(page.locator("#run").get_by_text("completed")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Delete At a change").click()
    expect(page.get_by_role("button", name="Delete At a change")).to_have_count(0)
    assert serious(page) == []
