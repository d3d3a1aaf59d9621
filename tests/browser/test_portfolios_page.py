"""The page Portfolios: made, changed and removed; transactions booked, corrected and removed; files imported after a look at them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from kit import broker_files as samples
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, module, settled, value_portfolios
from kit.people import create_member, sign_in_as
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Iterator[None]:
    yield
    for item in site.api("GET", "/portfolios").json()["items"]:
        site.api("DELETE", f"/portfolios/{item['id']}")
    symbols = site.api("GET", "/portfolio-symbols").json()["symbols"]
    site.api("PATCH", "/portfolio-symbols", json={"symbols": dict.fromkeys(symbols)})


def make(site: Site, *items: dict[str, Any]) -> str:
    made = site.api("POST", "/portfolios", json={"name": "Savings", "base_currency": "USD", "benchmark": "MSFT"}).json()
    if items:
        booked = site.api("POST", f"/portfolios/{made['id']}/transactions/batch", json={"items": list(items)})
        assert booked.status_code == 201, booked.text
    return str(made["id"])


PAID_IN = {"type": "deposit", "day": "2009-01-05", "amount": "5000"}
BOUGHT = {"type": "buy", "day": "2009-01-06", "ticker": "AAPL", "quantity": "10", "price": "93.02", "fee": "1"}


def book(page: Page, kind: str, **fields: str) -> None:
    form = page.get_by_role("form", name="Add a transaction")
    form.get_by_label("Type").select_option(label=kind)
    for label, value in fields.items():
        form.get_by_label(label.replace("_", " "), exact=True).fill(value)
    form.get_by_role("button", name="Add", exact=True).click()


def rows(page: Page) -> Any:
    return page.locator("tr[data-transaction]")


def test_a_portfolio_is_made_changed_and_removed(open_page: Open) -> None:
    page = open_page("/portfolios")
    expect(page.get_by_text("There is no portfolio yet.")).to_be_visible()
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Give it a name.")).to_be_visible()
    page.get_by_label("Name").fill("Savings")
    page.get_by_label("Currency").fill("eur")
    page.get_by_label("Beside").fill("msft")
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.get_by_role("heading", name="Savings", exact=True)).to_be_visible()
    expect(page.get_by_text("In EUR; the oldest shares are sold first; beside MSFT.")).to_be_visible()
    expect(page.get_by_text("There is no transaction yet.")).to_be_visible()
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_label("Name").fill("Pension")
    page.get_by_role("form", name="Change the portfolio").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Pension", exact=True)).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There is no portfolio yet.")).to_be_visible()


def test_it_is_held_against_an_index_that_is_told_by_its_name(open_page: Open, site: Site) -> None:
    rules = {"members": {"tickers": ["AAPL", "MSFT"]}, "start": "2011-01-03"}
    index = site.api("POST", "/indexes", json={"name": "Two of them", **rules}).json()
    try:
        portfolio = make(site, PAID_IN, BOUGHT)
        page = open_page(f"/portfolios?id={portfolio}")
        page.get_by_role("button", name="Change", exact=True).click()
        page.get_by_label("Beside").fill("index: two of them")
        page.get_by_role("form", name="Change the portfolio").get_by_role("button").click()
        expect(page.get_by_text("beside Two of them.")).to_be_visible()
        assert site.api("GET", f"/portfolios/{portfolio}").json()["benchmark"] == index["id"]
        page.goto(site.url("/portfolios"))
        row = page.locator(f"tr[data-portfolio='{portfolio}']")
        totals = site.api("GET", f"/portfolios/{portfolio}/holdings").json()["totals"]
        expect(row).to_contain_text(f"{float(totals['value']) + float(totals['cash']):,.2f} USD")
        expect(row).to_contain_text("not stored yet")
        expect(row.get_by_role("link", name="Two of them")).to_have_attribute("href", f"/indices?index={index['id']}")
        value_portfolios(site)
        page.reload()
        [item] = site.api("GET", "/portfolios").json()["items"]
        for told in (f"{item['valuation']['value']:,.2f} USD", f"{100 * (item['valuation']['growth'] - 1):+.2f}%"):
            expect(row).to_contain_text(told)
        site.api("DELETE", f"/indexes/{index['id']}")
        page.goto(site.url(f"/portfolios?id={portfolio}&period=max"))
        expect(page.locator("#performance .key-figures")).to_contain_text(
            f"The benchmark is gone: there is no portfolio and no index with the id {index['id'][:13]}… any more."
        )
    finally:
        site.api("DELETE", f"/indexes/{index['id']}")


def test_a_benchmark_that_has_ended_is_told_with_its_last_day(open_page: Open, site: Site) -> None:
    prices = "\n".join(["Date,Open,High,Low,Close,Volume", *(f"2009-01-{day:02},20,60,20,{20 + day},1" for day in range(5, 31))])
    assert site.api("PUT", "/prices/ENDED", data=prices, headers={"Content-Type": "text/csv"}).ok
    try:
        portfolio = make(site, PAID_IN, BOUGHT)
        site.api("PATCH", f"/portfolios/{portfolio}", json={"benchmark": "ENDED"})
        page = open_page(f"/portfolios?id={portfolio}&period=max")
        told = page.locator("#performance")
        expect(told.locator(".key-figures")).to_contain_text("up to Jan 30, 2009")
        expect(told).to_contain_text("ENDED has values only up to Jan 30, 2009, so it is left out of the curve.")
    finally:
        site.api("DELETE", f"/portfolios/{portfolio}")
        site.api("DELETE", "/prices/ENDED")


def test_a_transaction_is_booked_corrected_and_removed(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("422")
    page = open_page(f"/portfolios?id={make(site)}")
    settled(page)
    book(page, "Deposit", Day="2009-01-05", Amount="5000.50")
    expect(rows(page)).to_have_count(1)
    book(page, "Buy", Day="2009-01-06", Ticker="aapl", Quantity="10.5", Price_for_one="93.02", Fee="1")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).nth(0)).to_contain_text("AAPL")
    expect(rows(page).nth(0)).to_contain_text("93.02")
    book(page, "Sell", Day="2009-01-07", Ticker="AAPL", Quantity="99", Price_for_one="93")
    expect(page.get_by_role("alert").filter(has_text="99 of AAPL would leave")).to_be_visible()
    rows(page).nth(0).get_by_role("button", name="Correct").click()
    form = page.get_by_role("form", name="Correct the transaction")
    expect(form.get_by_label("Quantity")).to_have_value("10.5")
    form.get_by_label("Quantity").fill("11")
    form.get_by_role("button", name="Correct").click()
    expect(rows(page).nth(0)).to_contain_text("11")
    rows(page).nth(0).get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(rows(page)).to_have_count(1)


def test_transactions_are_chosen_by_type_and_days(open_page: Open, site: Site) -> None:
    page = open_page(f"/portfolios?id={make(site, PAID_IN, BOUGHT)}")
    settled(page)
    expect(rows(page)).to_have_count(2)
    filters = page.get_by_role("form", name="Which transactions")
    filters.get_by_label("Type").select_option(label="Buy")
    filters.get_by_role("button").click()
    expect(rows(page)).to_have_count(1)
    filters.get_by_label("From").fill("2010-01-01")
    filters.get_by_role("button").click()
    expect(page.get_by_text("No transaction is like that.")).to_be_visible()


def test_a_file_is_looked_at_its_tickers_told_and_added(open_page: Open, site: Site, tmp_path: Path, watch: Watch) -> None:
    watch.expected.append("422")  # its days are after those of the sample prices, so nothing can be valued
    file = tmp_path / "transactions.csv"
    file.write_text(samples.TRADE_REPUBLIC)
    page = open_page(f"/portfolios?id={make(site)}")
    settled(page)
    page.get_by_label("File of transactions").set_input_files(str(file))
    page.get_by_role("button", name="See what it would add").click()
    expect(page.get_by_text("Read as Trade Republic")).to_be_visible()
    expect(page.get_by_text("Nothing is added while lines are wrong.")).to_be_visible()
    expect(page.locator("#import-faults")).to_contain_text("US0000000001 (Acme)")
    sides = [page.locator(f"#import-faults {place}").first for place in ("thead th", "tbody th")]
    assert len({side.evaluate("each => getComputedStyle(each).textAlign") for side in sides}) == 1
    assert serious(page) == []
    page.get_by_label("US0000000001, Acme").fill("aapl")
    page.get_by_role("button", name="Read again").click()
    add = page.get_by_role("button", name="Add 7 transactions")
    expect(add).to_be_visible()
    expect(rows(page)).to_have_count(0)
    page.get_by_text("What is to be added").click()
    expect(page.get_by_role("region", name="Lines of the file")).to_contain_text("AAPL")
    add.click()
    expect(rows(page)).to_have_count(7)
    page.get_by_label("File of transactions").set_input_files(str(file))
    page.get_by_role("button", name="See what it would add").click()
    expect(page.locator("#reading-lead")).to_have_text("0 transactions to add, 7 booked already, 1 line without a transaction.")


def test_the_wrong_lines_of_a_file_are_left_out_when_somebody_says_so(open_page: Open, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("Date,Type,Ticker,Quantity,Price\n2009-01-06,Buy,AAPL,1,90\n2009-01-06,Buy,AAPL,many,90\n")
    page = open_page(f"/portfolios?id={make(site)}")
    settled(page)
    page.get_by_role("button", name="See what it would add").click()
    expect(page.get_by_text("Choose a file first.")).to_be_visible()
    page.get_by_label("File of transactions").set_input_files(str(file))
    page.get_by_label("leave out lines that are wrong").check()
    page.get_by_role("button", name="See what it would add").click()
    expect(page.locator("#import-faults")).to_contain_text("'many' is no number.")
    page.get_by_role("button", name="Add 1 transaction", exact=True).click()
    expect(rows(page)).to_have_count(1)


def test_a_file_that_is_being_added_is_not_sent_again(open_page: Open, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("Date,Type,Ticker,Quantity,Net amount,Fee\n2009-01-06,Buy,AAPL,1,91,1\n")
    page = open_page(f"/portfolios?id={make(site)}")
    settled(page)
    page.get_by_label("File of transactions").set_input_files(str(file))
    page.get_by_role("button", name="See what it would add").click()
    expect(page.get_by_text("Net amount is taken as the amount after fee and tax.")).to_be_visible()
    add = page.get_by_role("button", name="Add 1 transaction", exact=True)
    expect(add).to_be_enabled()
    held: list[Any] = []
    page.route("**/transactions/import?*", lambda route: held.append(route))  # noqa: PLW0108 — Playwright marks the function that it is given
    add.click()
    expect(add).to_be_disabled()
    for control in ("File of transactions", "leave out lines that are wrong"):
        expect(page.get_by_label(control)).to_be_disabled()
    held[0].continue_()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("File of transactions")).to_be_enabled()
    assert len(held) == 1


def test_transactions_are_saved(open_page: Open, site: Site, tmp_path: Path) -> None:
    portfolio = make(site, PAID_IN, BOUGHT)
    page = open_page(f"/portfolios?id={portfolio}")
    settled(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Transactions", exact=False).filter(has_text="↓").click()
    saving.value.save_as(tmp_path / "saved.csv")
    assert (tmp_path / "saved.csv").read_bytes() == site.api("GET", f"/portfolios/{portfolio}/transactions/export").content
    with page.expect_download() as saving:
        page.get_by_role("button", name="Holdings as CSV").click()
    saving.value.save_as(tmp_path / "held.csv")
    answer = site.api("GET", f"/portfolios/{portfolio}/holdings", headers={"Accept": "text/csv"})
    assert (tmp_path / "held.csv").read_bytes() == answer.content


def test_a_viewer_is_offered_no_change(open_page: Open, site: Site) -> None:
    portfolio = make(site, PAID_IN, BOUGHT)
    viewer = create_member(site, f"petra{next(_NUMBERS)}@example.com", "viewer")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, viewer, "/portfolios")
    settled(page)
    expect(page.get_by_role("link", name="Savings")).to_be_visible()
    expect(page.get_by_role("button", name="Make", exact=True)).to_have_count(0)
    page.goto(site.url(f"/portfolios?id={portfolio}"))
    settled(page)
    expect(rows(page)).to_have_count(2)
    for name in ("Change", "Remove", "Correct", "Add", "See what it would add"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.goto(site.url("/indices"))
    expect(page.get_by_text("Whoever may change things makes the first one.")).to_be_visible()
    expect(page.get_by_text("Make an index")).to_be_hidden()


def test_it_fits_on_a_phone_and_in_the_dark(open_page: Open, site: Site) -> None:
    unpriced = {"type": "buy", "day": "2009-01-06", "ticker": "NOWHERE", "quantity": "1", "price": "110"}
    page = open_page(f"/portfolios?id={make(site, PAID_IN, BOUGHT, unpriced)}", viewport=PHONE, color_scheme="dark")
    settled(page)
    expect(page.locator("#performance .key-figures")).to_contain_text("Without prices, at what was last paid: NOWHERE")
    expect(page.locator("#holdings")).to_contain_text(
        "NOWHERE. The value above and alert rules count what has no price at what was last paid."
    )
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert serious(page) == []


def test_areas_are_shares_that_fill_the_whole_and_do_not_overlap(open_page: Open) -> None:
    page = open_page("/portfolios")
    settled(page)
    shares = [6, 6, 4, 3, 2, 2, 1]
    areas = page.evaluate(
        f"{module('portfolios/treemap.js')}.then(({{ squarified }}) => squarified({shares}, {{ x: 0, y: 0, width: 6, height: 4 }}))"
    )
    assert [round(area["width"] * area["height"], 9) for area in areas] == shares
    for at, one in enumerate(areas):
        assert one["x"] >= 0
        assert one["x"] + one["width"] <= 6 + 1e-9
        assert one["y"] + one["height"] <= 4 + 1e-9
        assert max(one["width"] / one["height"], one["height"] / one["width"]) < 3
        for other in areas[at + 1 :]:
            beside = one["x"] + one["width"] <= other["x"] + 1e-9 or other["x"] + other["width"] <= one["x"] + 1e-9
            assert beside or one["y"] + one["height"] <= other["y"] + 1e-9 or other["y"] + other["height"] <= one["y"] + 1e-9


def test_it_tells_how_it_did_and_what_it_is_in(open_page: Open, site: Site) -> None:
    portfolio = make(site, PAID_IN, BOUGHT)
    page = open_page(f"/portfolios?id={portfolio}&period=max")
    settled(page)
    told = site.api("GET", f"/portfolios/{portfolio}/performance", params={"period": "max"}).json()
    figures = page.locator("#performance .key-figures")
    expect(figures).to_contain_text(f"{told['end_value']:,.2f}")
    expect(figures).to_contain_text(f"{100 * told['twr']['value']:+.2f}%")
    gains = page.get_by_role("region", name="What it gained, and of what")
    expect(gains.locator("tr[data-gain=total]")).to_contain_text(f"{told['gain']['total']['value']:+,.2f}")
    expect(page.get_by_role("img", name="100 became")).to_be_visible()
    page.get_by_role("button", name="Value", exact=True).click()
    expect(page.get_by_role("img", name="of value")).to_be_visible()
    page.get_by_text("What these numbers mean").click()
    expect(page.get_by_text(told["twr"]["definition"])).to_be_visible()
    row = page.locator("tr[data-holding=AAPL]")
    [held] = site.api("GET", f"/portfolios/{portfolio}/holdings").json()["items"]
    expect(row).to_contain_text(held["verdict"]["verdict"])
    expect(row).to_contain_text(f"{float(held['value_base']):,.2f}")
    share = row.locator("[data-title='Share of the portfolio']")
    expect(share).to_have_text(f"{100 * float(held['value_base']) / told['end_value']:.1f}%")
    moved = f"{float(held['day_change_base']):+,.2f}"
    expect(row).to_contain_text(f"{moved}{held['day_change_percent']:+.2f}%, Mar 1, 2013")
    expect(page.locator("#moved")).to_have_text(f"On Mar 1, 2013 it moved by {moved}\u00a0USD.")
    expect(page.locator("#holdings")).to_contain_text("AAPL: The last price is of 1 March 2013")
    expect(page.get_by_text("Nothing was sold.")).to_be_visible()
    areas = page.get_by_role("group", name="Allocation, the largest first")
    expect(areas.get_by_role("link", name="AAPL")).to_be_visible()
    page.get_by_role("button", name="5 years").click()
    settled(page)
    assert page.url.endswith("period=5y")
    assert serious(page) == []


def test_income_is_told_by_month_after_tax(open_page: Open, site: Site) -> None:
    paid = [
        {"type": "dividend", "day": day, "ticker": "AAPL", "amount": amount, "tax": tax, **more}
        for day, amount, tax, more in (
            ("2009-03-02", "10", "1.5", {}),
            ("2009-05-04", "20", "3", {"currency": "EUR", "fx_rate": "1.5"}),
            ("2009-05-05", "7", "0", {"currency": "CHF"}),
        )
    ]
    page = open_page(f"/portfolios?id={make(site, PAID_IN, BOUGHT, *paid)}")
    settled(page)
    card = page.locator("#income")
    expect(card).to_contain_text("34.00 USD were paid in 2 months.")
    expect(card).to_contain_text("7.00 CHF")
    expect(card.get_by_role("img", name="Income by month")).to_be_visible()
    assert card.locator("rect.bar").count() == 3
    assert all(float(bar.get_attribute("width")) <= 60 for bar in card.locator("rect.bar").all())
    card.get_by_text("The income as a table, by year").click()
    expect(card.get_by_role("region", name="Income by year")).to_contain_text("34.00")


def test_proposed_dividends_are_booked_with_their_tax_or_left_out(open_page: Open, site: Site) -> None:
    portfolio = make(site, PAID_IN, BOUGHT)
    told = [
        site.api(
            "POST", "/prices/AAPL/actions", json={"effective_day": day, "kind": "dividend", "amount": amount, "currency": "USD"}
        ).json()
        for day, amount in (("2009-03-02", 0.5), ("2009-06-01", 0.6))
    ]
    try:
        page = open_page(f"/portfolios?id={portfolio}")
        settled(page)
        offered = page.locator("tr[data-dividend]")
        expect(offered).to_have_count(2)
        offered.nth(0).get_by_label("Tax").fill("0.9")
        offered.nth(0).get_by_role("button", name="Book").click()
        expect(offered).to_have_count(1)
        expect(page.locator("#income")).to_contain_text("5.10 USD were paid in 1 month.")
        offered.nth(0).get_by_role("button", name="Leave out").click()
        expect(page.get_by_text("No dividend waits to be booked.")).to_be_visible()
    finally:
        for action in told:
            site.api("DELETE", f"/prices/AAPL/actions/{action['id']}")
