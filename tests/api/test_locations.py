"""`Location` of a 201 leads to what was made."""

from __future__ import annotations

from typing import Any

import pytest
from kit.jobs import UNKNOWN_ID
from kit.reports import price_file
from kit.support import MASTER_KEY, Client

SPLIT = {"kind": "split", "effective_day": "2012-10-01", "numerator": 3, "denominator": 2}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/watchlist", {"ticker": "AAPL"}),
        ("/watchlist", {"ticker": "^A&B=C"}),
        ("/prices/FB/actions", SPLIT),
        ("/prices/^A&B=C/actions", SPLIT),
        ("/watchlists", {"name": "Banks"}),
        ("/watchlists/default/items", {"ticker": "^A&B=C"}),
        ("/screens", {"name": "Buys", "query": {"signal": "BUY"}}),
        ("/strategies", {"name": "Steady", "base": "trend"}),
        ("/admin/keys", {"name": "report"}),
    ],
)
def test_what_was_made_is_there(client: Client, path: str, body: Any) -> None:
    client.put("/prices/^A&B=C", price_file(60))
    made = client.post(path, body)
    assert made.status_code == 201
    found = client.http.get(made.headers["Location"], headers={"X-API-Key": MASTER_KEY})
    assert found.status_code == 200
    assert found.json == {name: value for name, value in made.json.items() if name != "key"}


@pytest.mark.parametrize("path", ["/watchlist/FB", f"/prices/FB/actions/{UNKNOWN_ID}", "/prices/FB/actions/x", f"/admin/keys/{UNKNOWN_ID}"])
def test_what_is_not_there_is_told(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
