"""Tiingo's end-of-day prices: as traded, adjusted, dividends and splits in one call (api.tiingo.com, "End-of-Day")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

from features.prices.providers.about import TIINGO
from features.prices.providers.answers import MOST_PAID, read_rows, split_of_factor
from features.prices.providers.base import Means
from features.prices.providers.web_source import WebAnswer, WebSource
from infrastructure.market_names import mic_of
from models.corporate_action import ActionKind, CorporateAction
from models.footing import Bases, Basis
from models.price_series import PackedBars
from models.provider import Fetched, Listing, ProviderError, ProviderFault, Window

FIRST_DAY = "1900-01-01"  # without a day, only the newest bar comes
# Limits are told in words, as plain text or as `detail`, with the status 429 or 200.
_SPENT = re.compile(r"(hourly|daily) request allocation|symbol look ?up for this (month)")
_WINDOWS = {"hourly": Window.HOUR, "daily": Window.DAY, "month": Window.MONTH}
_NOT_FOUND = re.compile(r"Ticker '[^']{0,40}' not found|Not found", re.IGNORECASE)
_CLASS, _THEIR_CLASS = re.compile(r"\.(?=[A-Z]\Z)"), re.compile(r"-(?=[A-Z]\Z)")  # BRK.B is BRK-B
_LONGEST_WORDS = 2_000  # of an answer that is no JSON


class Tiingo:
    """Knows tickers of the United States, without a suffix. Its answers name no ticker: the days in common with stored prices tell."""

    name, terms, zone = TIINGO

    def __init__(self, address: str, key: str, means: Means) -> None:
        self._web = WebSource("Tiingo", address, {"Authorization": f"Token {key}"}, means)
        self._clock = means.clock

    def cost(self, since: date | None) -> int:
        """A first fetch also asks for the company's name."""
        return 2 if since is None else 1

    def fetch(self, ticker: str, since: date | None) -> Fetched:
        """Bars and volumes as traded, with adjusted closes, and the actions since. Raises ProviderError."""
        path = f"/tiingo/daily/{self._symbol(ticker)}"
        self._web.meter.reserve(self.cost(since))
        answer = self._web.get(f"{path}/prices", {"startDate": FIRST_DAY if since is None else since.isoformat(), "format": "json"})
        rows = self._rows(ticker, answer)
        if not rows and since is None:
            raise self._web.fault(ProviderFault.UNKNOWN_TICKER, f"has no prices of {ticker}.")
        listing = None if since is not None else self._listing(ticker, path)
        bases = Bases(Basis.AS_TRADED, Basis.AS_TRADED)
        if not rows:
            return Fetched(PackedBars(b""), adjusted=True, bases=bases, currency="USD")
        parsed = read_rows("Tiingo", ticker, _columns(rows), self._clock())
        return Fetched(
            parsed.packed,
            adjusted=True,
            bases=bases,
            actions=tuple(action for row in rows for action in _actions(row)),
            listing=listing,
            currency="USD",
            time_zone="America/New_York",
            dropped=parsed.dropped,
        )

    def search(self, text: str) -> list[Listing]:
        """Active tickers of the United States."""
        self._web.meter.reserve(1)
        answer = self._web.get("/tiingo/utilities/search", {"query": text, "limit": "20"})
        found = self._json(text, answer)
        if not isinstance(found, list):
            self._web.refuse(answer)
        listed = [one for one in found if isinstance(one, dict) and one.get("isActive") is not False and one.get("ticker")]
        return [
            Listing.told(_ours(str(one["ticker"])), name=one.get("name"), currency="USD", kind=str(one.get("assetType") or "").lower())
            for one in listed
            if one.get("countryCode") in (None, "US")
        ]

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _symbol(self, ticker: str) -> str:
        symbol = _CLASS.sub("-", ticker)
        if "." in symbol:
            raise self._web.fault(ProviderFault.UNKNOWN_TICKER, f"has tickers of the United States only, and {ticker} has a suffix.")
        return quote(symbol, safe="")

    def _rows(self, ticker: str, answer: WebAnswer) -> list[dict[str, Any]]:
        rows = self._json(ticker, answer)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("date"), str) for row in rows):
            self._web.refuse(answer)
        return rows

    def _listing(self, ticker: str, path: str) -> Listing | None:
        """What the ticker stands for; None where Tiingo does not tell, without which the prices are as good."""
        try:
            facts = self._json(ticker, self._web.get(path))
        except ProviderError:
            return None
        if not isinstance(facts, dict) or "ticker" not in facts:
            return None
        if _ours(str(facts["ticker"])) != ticker:
            raise self._web.fault(ProviderFault.BAD_ANSWER, f"answered for another ticker than {ticker}: {str(facts['ticker'])[:20]!r}.")
        market = str(facts.get("exchangeCode") or "")
        return Listing.told(ticker, name=facts.get("name"), exchange=mic_of(market) or market, currency="USD")

    def _json(self, asked: str, answer: WebAnswer) -> Any:
        """The JSON of an answer that is data. Raises ProviderError for what Tiingo says in words."""
        value = self._web.json(answer) if answer.body[:1] in (b"[", b"{") else answer.text[:_LONGEST_WORDS]
        words = str(value.get("detail", "")) if isinstance(value, dict) else value if isinstance(value, str) else ""
        spent = _SPENT.search(words)
        if spent is not None or answer.status == 429:
            window = Window.HOUR if spent is None else _WINDOWS[spent[1] or spent[2]]
            raise self._web.exhausted(answer, window)
        if answer.status == 404 or _NOT_FOUND.search(words):
            raise self._web.fault(ProviderFault.UNKNOWN_TICKER, f"has no ticker {asked}.")
        if answer.status in (401, 403):
            reason = f"refused the key (status {answer.status}). Check TIINGO_API_KEY: {answer.excerpt!r}."
            raise self._web.fault(ProviderFault.KEY_REFUSED, reason)
        return value if answer.status == 200 and not words else self._web.refuse(answer)


def _ours(symbol: str) -> str:
    """A ticker as we write it: BRK-B is BRK.B."""
    return _THEIR_CLASS.sub(".", symbol.upper())


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    names = {"open": "open", "high": "high", "low": "low", "close": "close", "adj_close": "adjClose", "volume": "volume"}
    texts = {ours: ["" if row.get(theirs) is None else str(row[theirs]) for row in rows] for ours, theirs in names.items()}
    return {"date": [row["date"][:10] for row in rows], **texts}


def _actions(row: Mapping[str, Any]) -> list[CorporateAction]:
    factor, paid = row.get("splitFactor") or 1, row.get("divCash") or 0
    try:
        day = date.fromisoformat(row["date"][:10])
    except ValueError:
        return []  # the row is left out for it
    actions = []
    if isinstance(factor, int | float) and (split := split_of_factor(factor)) is not None:
        actions.append(CorporateAction(day, ActionKind.SPLIT, *split))
    if isinstance(paid, int | float) and 0 < paid < MOST_PAID:
        actions.append(CorporateAction(day, ActionKind.DIVIDEND, amount=float(paid), currency="USD"))
    return actions
