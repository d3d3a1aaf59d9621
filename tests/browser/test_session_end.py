"""A session that ends: the page asks for the key in place, nothing that was typed is lost, and tabs hear of each other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from kit.accessibility import serious
from kit.browser import PATIENCE, Open, Site, Watch, settled
from kit.paths import ROOT
from kit.people import DIALOG, end_session
from kit.support import MASTER_KEY, SECRET_KEY
from playwright.sync_api import expect

HEADER = "Date,Open,High,Low,Close,Volume\n"


def add(page: Any) -> None:
    """Press Add as somebody does who is quicker than the page's own reads, which may have opened the dialog over it on a slow machine."""
    page.get_by_role("button", name="Add", exact=True).dispatch_event("click")


def sign_in_again(page: Any, key: str = MASTER_KEY) -> None:
    page.locator(DIALOG).get_by_label("API key").fill(key)
    page.locator(DIALOG).get_by_role("button", name="Sign in").click()


def another_tab(page: Any, site: Site, watch: Watch, path: str) -> Any:
    tab = page.context.new_page()
    watch.follow(tab, site)
    tab.goto(site.url(path))
    return tab


def read_something(page: Any) -> None:
    """Let a page's script read, as pages do by themselves."""
    page.evaluate("""() => {
      const script = document.querySelector('script[src*="/js/shell.js"]').src;
      import(script.replace("shell.js", "api.js")).then(({ api }) => api.get("/strategies").catch(() => {}));
    }""")


def test_what_was_typed_is_stored_after_signing_in_again(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("401")
    page = open_page("/")
    settled(page)
    page.get_by_label("Add tickers").fill("IBM")
    page.get_by_label("Notes (optional)").fill("typed before the session ended")
    end_session(page, site)
    add(page)
    dialog = page.locator(DIALOG)
    expect(dialog.get_by_role("heading")).to_have_text("Your session has ended")
    expect(dialog.get_by_label("API key")).to_be_focused()
    assert serious(page) == []
    sign_in_again(page, "no key at all")
    expect(dialog.get_by_role("alert")).to_have_text("This key is not valid.")
    sign_in_again(page)
    expect(dialog).to_have_count(0)
    expect(page.locator('tr[data-ticker="IBM"]')).to_contain_text("typed before the session ended")
    assert MASTER_KEY not in page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert site.api("DELETE", "/watchlist/IBM").status_code == 204


def test_a_sign_in_that_is_put_off_leaves_the_page_as_it_is(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("401")
    page = open_page("/")
    settled(page)
    page.get_by_label("Add tickers").fill("FB")
    end_session(page, site)
    add(page)
    expect(page.locator(DIALOG).get_by_label("API key")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator("#banner")).to_contain_text("You are signed out: nothing more is loaded or stored.")
    expect(page.locator("#add-problem")).to_contain_text("Your session has ended. Sign in again.")
    expect(page.get_by_label("Add tickers")).to_have_value("FB")
    page.locator("#banner").get_by_role("button", name="Sign in").click()
    sign_in_again(page)
    expect(page.locator("#banner")).to_have_text("")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator('tr[data-ticker="FB"]')).to_be_visible()
    assert site.api("DELETE", "/watchlist/FB").status_code == 204


def test_a_file_goes_on_after_signing_in_again(open_page: Open, site: Site, watch: Watch, tmp_path: Path) -> None:
    watch.expected.append("401")
    file = tmp_path / "SESSION.csv"
    file.write_text(HEADER + "".join(f"2025-09-{day:02},10,11,9,10.5,{day}\n" for day in range(1, 31)))
    page = open_page("/prices")
    settled(page)
    end_session(page, site)
    page.locator("#price-files").set_input_files(str(file))
    sign_in_again(page)
    expect(page.locator('.file-row[data-state="checked"]')).to_contain_text("SESSION would have 30 bars")


def test_signing_out_in_one_tab_is_told_in_the_other(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("401")
    page = open_page("/screener")
    other = another_tab(page, site, watch, "/tasks")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url("/login?reason=signed-out"))
    expect(other.locator(DIALOG).get_by_role("heading")).to_have_text("You have signed out in another tab")
    sign_in_again(other)
    expect(other.locator(DIALOG)).to_have_count(0)
    page.goto(site.url("/"))
    assert page.url == site.url("/")


def test_one_sign_in_serves_both_tabs(open_page: Open, site: Site, watch: Watch) -> None:
    """The tab that waits goes on when the other has signed in; one with the former token gets the new one."""
    watch.expected += ["401", "403"]
    page = open_page("/screener")
    other = another_tab(page, site, watch, "/reports")
    third = another_tab(page, site, watch, "/tasks")
    end_session(page, site)
    for tab in (page, other):
        read_something(tab)
        expect(tab.locator(DIALOG)).to_be_visible()
    sign_in_again(page)
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(other.locator(DIALOG)).to_have_count(0)
    third.evaluate("document.querySelector('meta[name=csrf-token]').content = 'of the session before'")
    third.locator("#new-job > summary").click()
    third.get_by_label("These:").check()
    third.locator("#job-tickers").fill("GOOG IBM MSFT")
    third.get_by_role("button", name="Start").click()
    expect(third.locator("#notices")).to_contain_text("is queued.")


def test_another_key_than_before_loads_the_page_again(open_page: Open, site: Site, watch: Watch) -> None:
    """The page was made for the master key: with a key that may do less it is another one."""
    watch.expected.append("401")
    folder = site.log_path.parent / "var"
    command = [str(Path(sys.executable).with_name("flask")), "api-key", "create", "second"]
    variables = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "MASTER_API_KEY": MASTER_KEY, "SECRET_KEY": SECRET_KEY}
    told = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True, timeout=PATIENCE // 1000).stdout
    key = next(word for word in told.split() if len(word) > 30)
    page = open_page("/screener")
    end_session(page, site)
    read_something(page)
    sign_in_again(page, key)
    expect(page.locator(DIALOG)).to_contain_text("You are signed in as another than before")
    page.get_by_role("button", name="Load the page again").click()
    expect(page.get_by_role("link", name="Overview", exact=True)).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("link", name="Diagnostics")).to_have_count(0)


def test_the_sign_in_page_says_why_one_is_there(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("401")  # the bell may ask in between
    page = open_page("/tasks")
    end_session(page, site)
    page.goto(site.url("/screener"))
    assert page.url == site.url("/login?next=%2Fscreener&reason=ended")
    expect(page.locator("#reason")).to_have_text("Your session has ended. Sign in again to go on.")
