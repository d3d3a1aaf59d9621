"""Fixtures of the browser tests: a real Chromium, driven by Playwright, and a real server."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.browser import CHROMIUM, COUNT_CALLS, FLAGS, PATIENCE, Open, Site, StartSite, Watch, sign_in, start_site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder when Chromium is not installed. With BELLWETHER_REQUIRE_TOOLS they run, and fail instead."""
    if Path(CHROMIUM).exists() or os.environ.get("BELLWETHER_REQUIRE_TOOLS"):
        return
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no Chromium found: `make test-browser` installs it, or set CHROMIUM to its path"))


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that has analysed the sample; one for all processes of the tests."""
    folder = tmp_path_factory.getbasetemp().parent / f"analysed-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    folder.mkdir(exist_ok=True)
    made = folder / "made"
    with (folder / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not made.exists():
            start_site(folder).stop()
            made.touch()
    return folder / "var"


@pytest.fixture(scope="session")
def start_on_sample(analysed: Path) -> StartSite:
    """`start_site` where the sample has been analysed. Job workers, which take two thirds of a start, are there only if asked for."""

    def start(folder: Path, **environment: str) -> Site:
        if not (folder / "var").exists():
            shutil.copytree(analysed, folder / "var")
        return start_site(folder, **{"LOCAL_WORKERS": "0", "SKIP_STARTUP_REFRESH": "true", **environment})

    return start


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, start_on_sample: StartSite) -> Iterator[Site]:
    """One server for all browser tests of this process."""
    site = start_on_sample(tmp_path_factory.mktemp("site"), LOCAL_WORKERS="1")
    yield site
    site.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all browser tests of this process."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def start_own_site(start_on_sample: StartSite) -> Iterator[StartSite]:
    """`start_on_sample`, for a server that a test may stop. What still runs ends with the test, after its pages are closed."""
    sites = []

    def start(folder: Path, **environment: str) -> Site:
        sites.append(start_on_sample(folder, **environment))
        return sites[-1]

    yield start
    for site in sites:
        if site.process.poll() is None:
            site.stop()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def open_page(chromium: Any, site: Site, start_own_site: StartSite, watch: Watch) -> Iterator[Open]:
    """A function that opens a page in a new browser context, signed in by default. The test fails at its end if any page had a problem."""
    contexts = []

    def make(path: str | None = "/", *, signed_in: bool = True, at: Site = site, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **options})
        context.set_default_timeout(PATIENCE)
        context.add_init_script(COUNT_CALLS)
        contexts.append(context)
        page = context.new_page()
        watch.follow(page, at)
        if signed_in:
            sign_in(page, at)
        if path is not None:
            page.goto(at.url(path))
        return page

    yield make
    for context in contexts:
        context.close()
    assert watch.problems() == []
