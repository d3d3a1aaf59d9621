"""A ticker whose verdict turns between two uploads: the sample's prices up to two days with different verdicts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from kit.support import Client

TICKER = "MINE"


def upload_until(client: Client, last: str, ticker: str = TICKER) -> None:
    """Upload the sample's prices of MSFT up to a day under a ticker of the organization's own."""
    whole = client.get("/prices/MSFT", headers={"Accept": "text/csv"}).data.decode().splitlines()
    kept = "\n".join([whole[0], *(line for line in whole[1:] if line[:10] <= last)])
    assert client.put(f"/prices/{ticker}", kept).status_code < 300


def days_of_two_verdicts(client: Client) -> tuple[Any, Any]:
    """The results of two days of the sample with different verdicts, the earlier first. None of them is the latest of a ticker."""
    results = [client.post("/analyze", {"ticker": "MSFT", "as_of": f"2012-{month:02}-15"}).json for month in range(1, 13)]
    return next((one, other) for one, other in pairwise(results) if one["verdict"] != other["verdict"])
