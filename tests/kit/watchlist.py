"""Helpers of tests of watch lists and the overview: paths of lists, and followed tickers in every state that the overview tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kit.browser import Site
    from kit.support import Client

HEADER = "Date,Open,High,Low,Close,Volume"
CSV = {"Content-Type": "text/csv"}


LIST_KINDS = ("default", "named")


@dataclass(frozen=True)
class ListPaths:
    """A watch list, the path of its items, and the path at which several are added."""

    list_id: str
    items: str
    many: str

    @classmethod
    def of(cls, list_id: str) -> ListPaths:
        """Those of a list; the default one has its own."""
        if list_id == "default":
            return cls(list_id, "/watchlist", "/watchlist/items")
        return cls(list_id, f"/watchlists/{list_id}/items", f"/watchlists/{list_id}/items/batch")

    @classmethod
    def made(cls, client: Client, kind: str) -> ListPaths:
        """Those of the default list, or of a new one."""
        return cls.of("default" if kind == "default" else client.post("/watchlists", {"name": "Another"}).json["id"])


def rising(bars: int, last: int = 0) -> str:
    """A price file of a rising series whose newest day is `last` days ago."""
    newest = datetime.now(UTC).date() - timedelta(days=last)
    days = [newest - timedelta(days=bars - 1 - number) for number in range(bars)]
    return "\n".join([HEADER, *(f"{day},{100 + at},{102 + at},{99 + at},{101 + at},{1000 + at}" for at, day in enumerate(days))])


def unfollow_all(site: Site) -> None:
    """Empty the watchlist."""
    for item in site.api("GET", "/watchlist").json()["items"]:
        site.api("DELETE", f"/watchlist/{item['ticker']}")


def follow(site: Site, *tickers: str) -> None:
    """Follow tickers in this order."""
    assert site.api("POST", "/watchlist/items", json={"tickers": list(tickers)}).status_code == 200


def store(site: Site, ticker: str, file: str) -> None:
    """Store prices in place of those that are there."""
    assert site.api("PUT", f"/prices/{ticker}", data=file, headers=CSV).status_code == 200


def analyse(site: Site, ticker: str) -> str:
    """Analyse a ticker and return the verdict, or the code of the failure."""
    answer = site.api("POST", "/analyze", json={"ticker": ticker}).json()
    return str(answer.get("verdict") or answer["code"])


def change_verdict(site: Site, ticker: str) -> tuple[str, str]:
    """Analyse a ticker with more and more of the prices of MSFT until the verdict changes; return both verdicts."""
    header, *lines = site.api("GET", "/prices/MSFT", headers={"Accept": "text/csv"}).text.splitlines()
    former = None
    for bars in range(2000, len(lines), 40):
        store(site, ticker, "\n".join([header, *lines[:bars]]))
        verdict = analyse(site, ticker)
        if former not in (None, verdict):
            return str(former), verdict
        former = verdict
    raise AssertionError


def outdate(site: Site, ticker: str) -> None:
    """Analyse a ticker, then give it a newer bar."""
    store(site, ticker, rising(300, last=1))
    analyse(site, ticker)
    store(site, ticker, rising(301))
