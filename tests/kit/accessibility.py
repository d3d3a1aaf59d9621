"""Helpers of the browser tests: what axe finds in pages."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any


@functools.cache
def axe_source() -> str:
    """The script that gives a page `axe`."""
    spec = importlib.util.find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text()


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
