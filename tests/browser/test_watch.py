"""What the recorder of errors counts as a problem of a page."""

from __future__ import annotations

import pytest
from kit.browser import Open, Watch

READ = "path => fetch(path).then((answer) => answer.text())"


@pytest.mark.parametrize(("headers", "is_problem"), [({"Retry-After": "1"}, False), ({}, True), ({"Retry-After": "30"}, True)])
def test_only_a_refusal_that_the_page_soon_asks_again_is_no_problem(
    open_page: Open, watch: Watch, headers: dict[str, str], is_problem: bool
) -> None:
    page = open_page("/tasks")
    page.route("**/refused", lambda route: route.fulfill(status=503, headers=headers, body="busy"))
    with page.expect_event("console"):
        page.evaluate(READ, "/refused")
    assert [error for error in watch.problems() if "503" in error] == watch.problems()
    assert bool(watch.problems()) is is_problem
    watch.expected.append("503")
