"""Helpers of the browser tests: pages that have come to rest, and what axe finds in them."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any

from playwright.sync_api import expect


@functools.cache
def axe_source() -> str:
    """The script that gives a page `axe`."""
    spec = importlib.util.find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text()


def settled(page: Any) -> None:
    """Wait until a page has loaded and is busy with nothing."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def violations(page: Any) -> list[Any]:
    """What axe finds in a page as it is now: of each, its impact, its rule and the elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_source())
    return list(
        page.evaluate("async () => (await axe.run()).violations.map((one) => [one.impact, one.id, one.nodes.map((node) => node.html)])")
    )


def serious(page: Any) -> list[Any]:
    """The violations that axe rates as serious or critical."""
    return [one for one in violations(page) if one[0] in ("serious", "critical")]
