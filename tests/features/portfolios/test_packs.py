"""Pricing packs: what is kept of an answer, what a corrected day adds, and what is deleted."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from kit.jobs import another_organization
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.splits import BARS, FIRST, price, restated_file
from kit.support import Client

import database
from api.application import Application
from features.portfolios.packing import CLOSES, PART, RATES, Pack, PricedLine
from features.portfolios.packing import pack_of as packed
from features.portfolios.packs import prune_packs
from features.portfolios.service import Ledger
from features.portfolios.sources import Sources
from features.portfolios.valuing import Valuer
from infrastructure.value_lines import ValueLine
from models.api_key import FIRST_ORG

LAST = FIRST + timedelta(days=BARS - 1)
LONG_AGO = timedelta(days=-1)  # packs of the future are old


def held(client: Client, **fields: Any) -> str:
    client.put("/prices/HELD", restated_file(1.0))
    portfolio_id = make_portfolio(client, **fields)
    booked(client, portfolio_id, cash("deposit", str(FIRST), "1000"), trade("buy", str(FIRST), "HELD", "2", repr(price(0))))
    return portfolio_id


def pack_of(client: Client, portfolio_id: str) -> Any:
    (reference,) = client.get(f"/portfolios/{portfolio_id}/performance?series=false").json["packs"]
    return client.get(f"/pricing-packs/{reference['day']}?digest={reference['digest']}").json


def test_the_same_answer_keeps_nothing_more(client: Client) -> None:
    portfolio_id = held(client)
    first = pack_of(client, portfolio_id)
    assert pack_of(client, portfolio_id) == first == client.get(f"/pricing-packs/{LAST}").json
    assert len(client.get("/pricing-packs").json["items"]) == 1
    (line,) = first["lines"]
    assert (line["kind"], line["name"], line["revision"], line["rows"]) == ("closes", "HELD", 1, BARS)
    assert (line["last_day"], line["last_value"]) == (str(LAST), price(BARS - 1))
    assert (first["day"], first["supersedes"]) == (str(LAST), None)


def test_threads_that_ask_at_once_are_told_of_one_pack(client: Client, app: Application) -> None:
    client.put("/prices/BESIDE", restated_file(2.0))
    portfolio_id = held(client)
    foundation = app.services.foundation
    valued = foundation.part(Valuer.of)
    with database.reader() as reader:
        sources = valued.newest(reader, Ledger(FIRST_ORG, portfolio_id)).sources
        beside = foundation.lines.find(reader, FIRST_ORG, "BESIDE")
    lines = [replace(beside, reference=f"BESIDE{at}") for at in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    try:
        with ThreadPoolExecutor(len(lines)) as pool:
            for _ in range(50):
                fresh, together = replace(sources, lines=[], packs={}), Barrier(len(lines))
                packs = list(pool.map(partial(_packed, fresh, together), lines))
                assert [[each.name for each in pack.lines] for pack in packs] == [[line.reference, "HELD"] for line in lines]
    finally:
        sys.setswitchinterval(before)


def _packed(sources: Sources, together: Barrier, line: ValueLine) -> Pack:
    together.wait()
    return packed(LAST, sources, line)


def test_a_corrected_day_supersedes_and_a_new_day_is_added(client: Client) -> None:
    portfolio_id = held(client)
    first = pack_of(client, portfolio_id)
    file = restated_file(1.0)
    client.put("/prices/HELD", file.replace(repr(price(100)), repr(price(100) + 1)))
    corrected = pack_of(client, portfolio_id)
    assert (corrected["day"], corrected["supersedes"]) == (first["day"], first["digest"])
    assert corrected["lines"][0]["revision"] == 2
    later = LAST + timedelta(days=1)
    client.put("/prices/HELD?extend=true", f"Date,Open,High,Low,Close,Volume\n{later},70,71,69,70,1000\n")
    added = pack_of(client, portfolio_id)
    (line,) = added["lines"]
    assert (added["day"], added["supersedes"]) == (str(later), None)
    assert (line["revision"], line["rows"], line["last_value"]) == (2, BARS + 1, 70.0)
    listed = client.get("/pricing-packs").json["items"]
    assert [each["digest"] for each in listed] == [added["digest"], corrected["digest"], first["digest"]]
    pages = [client.get("/pricing-packs?limit=2").json]
    pages.append(client.get(f"/pricing-packs?limit=2&cursor={pages[0]['next_cursor']}").json)
    assert [each for page in pages for each in page["items"]] == listed


def test_a_pack_that_lacks_a_ticker_is_refused(client: Client) -> None:
    portfolio_id = held(client)
    digest = pack_of(client, portfolio_id)["digest"]
    booked(client, portfolio_id, trade("buy", str(LAST), "AAPL", "1", "100"))
    refused = client.get(f"/portfolios/{portfolio_id}/performance?pack={digest}")
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")
    assert "AAPL" in refused.json["detail"]
    assert client.get(f"/portfolios/{portfolio_id}/performance?pack={digest}&ledger=2").status_code == 200
    assert client.get(f"/portfolios/{portfolio_id}/performance?ledger=9").status_code == 404
    assert client.get(f"/portfolios/{portfolio_id}/performance?pack={'0' * 64}").status_code == 404
    assert client.get(f"/pricing-packs/{LAST}?digest={'0' * 64}").status_code == 404
    assert client.get(f"/pricing-packs/{FIRST}?digest={digest}").status_code == 404


def test_a_pack_has_no_line_of_another_benchmark(client: Client) -> None:
    portfolio_id = held(client, benchmark="AAPL")
    pack = pack_of(client, portfolio_id)
    path = f"/portfolios/{portfolio_id}/performance?series=false&pack={pack['digest']}"
    assert client("PATCH", f"/portfolios/{portfolio_id}", json={"benchmark": "HELD"}).status_code == 200
    answer = client.get(path)
    assert (answer.status_code, "line of HELD" in answer.json["detail"]) == (422, True)
    assert client.get(f"{path}&ledger=2").json["benchmark"]["reference"] == "AAPL"
    assert client("PATCH", f"/portfolios/{portfolio_id}", json={"benchmark": None}).status_code == 200
    assert client.get(path).json["benchmark"] is None


def test_a_pack_that_lacks_a_rate_is_refused(client: Client) -> None:
    """One that was made where there was none has a line without rows, and is computed from again."""
    portfolio_id = held(client)
    first = pack_of(client, portfolio_id)["digest"]
    booked(client, portfolio_id, cash("deposit", str(LAST - timedelta(days=9)), "100", currency="GBP"))
    path = f"/portfolios/{portfolio_id}/performance"
    refused = client.get(f"{path}?pack={first}")
    assert (refused.status_code, "rates of GBP in USD" in refused.json["detail"]) == (422, True)
    unrated = client.get(path)
    assert unrated.json["last_day"] == str(LAST - timedelta(days=10))
    pack = pack_of(client, portfolio_id)
    assert [(line["kind"], line["name"], line["rows"]) for line in pack["lines"]] == [("closes", "HELD", BARS), ("rates", "GBP/USD", 0)]
    rates = "Date,USD,GBP\n" + "".join(f"{FIRST + timedelta(days=at)},1.1,0.8\n" for at in range(BARS))
    assert client("POST", "/fx-rates", data=rates, content_type="text/csv").status_code == 200
    assert client.get(path).json["last_day"] == str(LAST)
    assert client.get(f"{path}?pack={pack['digest']}").data == unrated.data


def test_another_organization_sees_no_pack(client: Client) -> None:
    portfolio_id = held(client)
    pack = pack_of(client, portfolio_id)
    other = {"headers": {"X-API-Key": another_organization()}}
    assert client.get("/pricing-packs", **other).json["items"] == []
    assert client.get(f"/pricing-packs/{LAST}", **other).status_code == 404
    assert client.get(f"/pricing-packs/{LAST}?digest={pack['digest']}", **other).status_code == 404
    assert client.get(f"/portfolios/{portfolio_id}/performance", **other).status_code == 404


def test_old_packs_are_deleted_with_the_lines_that_nobody_has(client: Client) -> None:
    portfolio_id = held(client)
    packs = [pack_of(client, portfolio_id)]
    for at in (100, 101):
        client.put("/prices/HELD", restated_file(1.0).replace(repr(price(at)), repr(price(at) + 1)))
        packs.append(pack_of(client, portfolio_id))
    assert prune_packs(database.current()) == 0
    assert prune_packs(database.current(), most=1) == 2
    assert [each["digest"] for each in client.get("/pricing-packs").json["items"]] == [packs[2]["digest"]]
    assert client.get(f"/portfolios/{portfolio_id}/performance?pack={packs[2]['digest']}").status_code == 200
    assert client.get(f"/portfolios/{portfolio_id}/performance?pack={packs[0]['digest']}").status_code == 404
    assert revisions() == [3]
    assert prune_packs(database.current(), kept_for=LONG_AGO) == 1
    assert revisions() == []
    assert pack_of(client, portfolio_id)["digest"] == packs[2]["digest"]


def revisions() -> list[int]:
    return [row["revision"] for row in database.query_db("SELECT revision FROM priced_lines ORDER BY revision")]


def test_a_portfolio_without_a_value_says_why(client: Client) -> None:
    empty = make_portfolio(client, name="empty")
    refused = client.get(f"/portfolios/{empty}/performance")
    assert (refused.status_code, refused.json["code"]) == (422, "insufficient_history")
    assert "no transactions" in refused.json["detail"]
    foreign = make_portfolio(client, name="foreign", base_currency="SEK")
    booked(client, foreign, trade("buy", str(FIRST), "NONE", "1", "5", currency="NOK"))
    assert "rate" in client.get(f"/portfolios/{foreign}/performance").json["detail"]
    portfolio_id = held(client)
    refused = client.get(f"/portfolios/{portfolio_id}/performance?period=1990-01-01..1990-02-01")
    assert (refused.status_code, refused.json["code"]) == (422, "insufficient_history")
    assert str(LAST) in refused.json["detail"]
    for query in ("period=2y", "rate=-1", "pack=x", "ledger=0", "period=2024-02-30..2024-03-01"):
        assert client.get(f"/portfolios/{portfolio_id}/performance?{query}").json["code"] == "validation_error", query


@given(st.integers(0, 3 * PART), st.booleans(), st.integers(0, 3 * PART))
def test_a_line_is_the_same_again_from_its_parts(rows: int, is_quoted: bool, stored: int) -> None:
    days = np.datetime64("1999-12-31", "D") + np.arange(rows)
    values = np.random.default_rng(rows).normal(size=rows)
    line = PricedLine(RATES if is_quoted else CLOSES, "X", "{}", days, values, days - 1 if is_quoted else None)
    parts = dict(line.until(min(stored, rows)).parts(0)) | dict(line.parts(min(stored, rows)))
    again = PricedLine.of_parts((line.kind, "X", "{}"), [parts[at] for at in sorted(parts)], rows)
    assert again.digest == line.digest
    assert again.days.tolist() == line.days.tolist()
    assert again.last == line.last
    before = min(stored, rows)
    assert PricedLine.of_parts((line.kind, "X", "{}"), [parts[at] for at in sorted(parts)], before).digest == line.until(before).digest
