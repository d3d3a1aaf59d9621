"""When things fail: a service that stops and comes back, one that hangs, calls that are aborted, and loading that lasts."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from kit.browser import Open, Site, StartSite, Watch, module, settled
from kit.servers import wait_until
from playwright.sync_api import expect

from models.errors import ScreenNotFound, TickerNotFound
from models.price_errors import FormerPricesNotFound, PricesDamaged

SECONDS_LEFT = re.compile(r'data-seconds="\d+"')
LOADED_AGAIN = re.compile(r"The page is loaded again in \d s\.")
STEP, LIMIT = 100, 3000  # milliseconds of the page's clock
AWAY = "The service does not answer. What you see may be old. Trying again …"


@pytest.fixture
def own_site(start_own_site: StartSite, tmp_path: Path) -> Site:
    """A server that the test may stop."""
    return start_own_site(tmp_path)


def pass_time(page: Any, milliseconds: int, settle: bool = True) -> None:
    """Let the page's clock run in steps; with `settle`, calls that are under way end before the next step."""
    for _ in range(milliseconds // STEP):
        page.clock.run_for(STEP)
        if settle:
            wait_until(lambda: page.evaluate("window.inFlight") == 0)


def with_own_clock(open_page: Open, path: str, **options: Any) -> Any:
    """A page whose clock the test moves."""
    page = open_page(None, **options)
    page.clock.install()
    page.goto(options.get("at").url(path) if options.get("at") else path)
    settled(page)
    return page


@pytest.mark.parametrize("path", ["/", "/login"])
def test_a_service_that_stops_is_told_within_three_seconds_and_so_is_its_return(
    open_page: Open, own_site: Site, start_own_site: StartSite, tmp_path: Path, watch: Watch, path: str
) -> None:
    watch.expected += ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "502"]
    page = with_own_clock(open_page, path, at=own_site, signed_in=path != "/login")
    banner = page.locator("#banner")
    own_site.stop()
    pass_time(page, LIMIT)
    assert AWAY in banner.inner_text()
    start_own_site(tmp_path, PORT=str(own_site.port))
    page.clock.resume()
    expect(banner).to_contain_text("It answers again.")


def test_a_service_that_hangs_is_told_within_three_seconds(open_page: Open, own_site: Site) -> None:
    page = with_own_clock(open_page, "/screener", at=own_site)
    os.kill(own_site.process.pid, signal.SIGSTOP)
    try:
        pass_time(page, LIMIT, settle=False)
        assert AWAY in page.locator("#banner").inner_text()
    finally:
        os.kill(own_site.process.pid, signal.SIGCONT)
    page.clock.resume()
    expect(page.locator("#banner")).to_contain_text("It answers again.")


def test_a_part_that_failed_is_loaded_when_the_service_is_back(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("ERR_")
    page = open_page(None)
    page.route("**/api/v1/**", lambda route: route.abort("connectionrefused"))
    page.route("**/health/live", lambda route: route.abort("connectionrefused"))
    page.goto(site.url("/reports"))
    expect(page.locator(".state.problem")).to_contain_text("The service cannot be reached.")
    expect(page.locator("#banner")).to_contain_text(AWAY)
    page.unroute("**/api/v1/**")
    page.unroute("**/health/live")
    expect(page.locator("#banner")).to_contain_text("It answers again. The page is up to date.")
    expect(page.get_by_role("heading", name="A job", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/tickers/AAPL", "/screener", "/tasks", "/reports", "/prices", "/universes", "/diagnostics"])
def test_every_page_loads_its_data_anew_when_the_service_is_back(open_page: Open, site: Site, watch: Watch, path: str) -> None:
    watch.expected.append("ERR_")
    page = open_page(path)
    settled(page)
    for address in ("**/api/v1/**", "**/health**"):
        page.route(address, lambda route: route.abort("connectionrefused"))
    expect(page.locator("#banner")).to_contain_text(AWAY)
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(urlsplit(answer.url).path) if answer.status == 200 else None)
    page.unroute_all()
    expect(page.locator("#banner")).to_contain_text("It answers again. The page is up to date.")
    wait_until(lambda: any("/api/v1/" in one for one in asked))


def test_one_call_that_is_aborted_is_no_reason_for_alarm(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("ERR_CONNECTION_ABORTED")
    page = with_own_clock(open_page, "/tasks", at=site)
    page.route("**/api/v1/jobs?**", lambda route: route.abort("connectionaborted"))
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator(".state.problem")).to_be_visible()
    pass_time(page, 2 * LIMIT)
    assert page.locator("#banner").inner_text() == ""


def test_a_computer_that_is_offline_says_so(open_page: Open, watch: Watch) -> None:
    watch.expected.append("ERR_INTERNET_DISCONNECTED")
    page = open_page("/screener")
    settled(page)
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("This computer is offline.")
    page.context.set_offline(False)
    expect(page.locator("#banner")).to_contain_text("It answers again.")


def test_a_hidden_page_asks_for_nothing(open_page: Open, site: Site) -> None:
    page = with_own_clock(open_page, "/reports", at=site)
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', { value: 'hidden' }); document.dispatchEvent(new Event('visibilitychange'))"
    )
    probes: list[str] = []
    page.on("request", lambda request: probes.append(request.url) if "/health/live" in request.url else None)
    pass_time(page, 4 * LIMIT)
    assert probes == []


# ---- loading that lasts -----------------------------------------------------------------------------------------------------------


def test_loading_that_lasts_says_that_the_service_is_slow(open_page: Open, site: Site) -> None:
    page = open_page(None)
    held: list[Any] = []
    page.route("**/api/v1/strategies", lambda route: held.append(route))  # noqa: PLW0108 — Playwright marks the function that it is given
    page.goto(site.url("/reports"))
    expect(page.locator("#page .state")).to_contain_text("Still loading: the service is answering slowly.")
    held[0].continue_()
    expect(page.get_by_role("heading", name="A job", exact=True)).to_be_visible()


def refusing(status: int, seconds: int, times: int) -> Any:
    """A route that is refused some times, and then goes on."""
    asked: list[int] = []

    def answer(route: Any) -> None:
        asked.append(1)
        if len(asked) > times:
            route.continue_()
            return
        body = json.dumps({"status": status, "code": "unavailable", "title": "Not now", "detail": "Not now."})
        route.fulfill(status=status, headers={"Retry-After": str(seconds)}, content_type="application/problem+json", body=body)

    return answer


def test_loading_that_waits_for_a_slot_says_so(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("503")
    page = open_page(None)
    page.route("**/api/v1/strategies", refusing(503, 1, times=4))
    page.goto(site.url("/reports"))
    expect(page.locator("#page .state")).to_contain_text("The service is busy with other answers; this one is next.")
    expect(page.get_by_role("heading", name="A job", exact=True)).to_be_visible()


def test_a_spent_budget_says_when_the_page_goes_on(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("429")
    page = open_page(None)
    page.route("**/api/v1/strategies", refusing(429, 4, times=1))
    page.goto(site.url("/reports"))
    expect(page.locator("#banner")).to_contain_text("The page goes on by itself in")
    expect(page.locator("#page .state")).to_contain_text("as many requests as it may for now; it goes on by itself.")
    expect(page.get_by_role("heading", name="A job", exact=True)).to_be_visible()
    expect(page.locator("#banner")).to_have_text("")


def end_soon(route: Any) -> None:
    """The refusal of the service, ending sooner. Under a clock of the test, the page would be left while its clock is moved."""
    answer = route.fetch()
    route.fulfill(response=answer, body=SECONDS_LEFT.sub('data-seconds="9"', answer.text()))


def test_a_page_that_a_spent_budget_refuses_is_loaded_again_by_itself(
    open_page: Open, start_own_site: StartSite, tmp_path: Path, watch: Watch
) -> None:
    watch.expected.append("429")
    site = start_own_site(tmp_path, RATE_LIMIT_ENABLED="true", RATE_LIMIT_PER_MINUTE="1")
    page = open_page(None, signed_in=False, at=site)
    for _ in range(2):  # a minute may end in between
        page.goto(site.url("/login"))
    page.route("**/login", end_soon, times=1)
    page.goto(site.url("/login"))
    expect(page.locator("#error")).to_contain_text(LOADED_AGAIN)
    with page.expect_response(site.url("/login")):
        pass  # the page asks by itself
    expect(page.locator("#error")).to_contain_text("The page is loaded again in")  # a page that is closed while it loads may never close


FOR_PEOPLE = (
    f"async (problems) => {{ const told = await {module('problem-words.js')}; return problems.map((one) => told.forPeople(...one)); }}"
)


def test_pages_do_not_name_calls_of_the_api(open_page: Open) -> None:
    told = {
        (str(TickerNotFound("NONE")), "ticker_not_found"): "There are no prices for NONE. "
        "Upload them on the page Prices, or look for another ticker.",
        (str(FormerPricesNotFound("NONE", 7)), "not_found"): "There are no former prices of NONE to restore. "
        "They are kept for 7 days after an upload replaced them or they were deleted.",
        (str(PricesDamaged("NONE")), "price_quality"): "The stored prices of NONE are damaged. Upload them again on the page Prices.",
        (str(ScreenNotFound("x")), "not_found"): "There is no saved screen with this id. It may have been deleted.",
        ("line 2: 'open' is not a number. Nothing was stored.", "price_quality"): "line 2: 'open' is not a number. Nothing was stored.",
    }
    assert open_page("/screener").evaluate(FOR_PEOPLE, [list(problem) for problem in told]) == list(told.values())
