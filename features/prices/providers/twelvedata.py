"""Twelve Data's daily time series (api.twelvedata.com, "Time series"): numbers are text, newest first, and errors come in a 200 as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from features.prices.providers.about import TWELVEDATA
from features.prices.providers.answers import read_rows
from features.prices.providers.base import Means
from features.prices.providers.web_source import WebAnswer, WebSource
from infrastructure.exchanges import exchange_of
from infrastructure.market_names import mic_of
from models.footing import Bases, Basis
from models.price_series import PackedBars
from models.provider import LONGEST, LONGEST_ZONE, Fetched, Listing, ProviderFault, Window, text_of

MOST_ROWS = "5000"  # of one answer: 20 years
_FAULTS = {401: ProviderFault.KEY_REFUSED, 403: ProviderFault.KEY_REFUSED, 404: ProviderFault.UNKNOWN_TICKER, 414: ProviderFault.BAD_ANSWER}
_NOTHING = "No data is available on the specified dates"  # with 400: the days asked for have no bar
_OTHER_PLAN = "available starting with"  # with 403 or 404: a ticker that the key's plan does not include


class TwelveData:
    """Asks twice: once for prices as traded, once for closes that are adjusted for splits and dividends. It reports no actions."""

    name, terms, zone = TWELVEDATA

    def __init__(self, address: str, key: str, means: Means) -> None:
        self._web = WebSource("Twelve Data", address, {"Authorization": f"apikey {key}"}, means)
        self._clock = means.clock

    def cost(self, since: date | None) -> int:
        """The two requests."""
        return 2

    def fetch(self, ticker: str, since: date | None) -> Fetched:
        """Bars and volumes as traded, with adjusted closes. Raises ProviderError."""
        self._web.meter.reserve(self.cost(since))
        meta, traded = self._series(ticker, since, adjust="none")
        bases = Bases(Basis.AS_TRADED, Basis.AS_TRADED)
        if not traded:
            if since is None:
                raise self._web.fault(ProviderFault.UNKNOWN_TICKER, f"has no prices of {ticker}.")
            return Fetched(PackedBars(b""), adjusted=True, bases=bases, currency=text_of(meta.get("currency"), LONGEST["currency"]))
        _, adjusted = self._series(ticker, since, adjust="all")
        parsed = read_rows("Twelve Data", ticker, _columns(traded, adjusted), self._clock())
        currency = text_of(meta.get("currency"), LONGEST["currency"])
        return Fetched(
            parsed.packed,
            adjusted=True,
            bases=bases,
            listing=Listing.told(ticker, exchange=_exchange(meta), currency=currency, kind=_kind(meta.get("type"))),
            currency=currency,
            time_zone=text_of(meta.get("exchange_timezone"), LONGEST_ZONE),
            dropped=parsed.dropped,
        )

    def search(self, text: str) -> list[Listing]:
        """Tickers of all exchanges that the key's plan names; those of exchanges without a suffix of ours only in the United States."""
        self._web.meter.reserve(1)
        found = self._answer(text, self._web.get("/symbol_search", {"symbol": text, "outputsize": "20"})).get("data")
        return [
            Listing.told(
                one["symbol"],
                name=one.get("instrument_name"),
                exchange=_exchange(one),
                currency=one.get("currency"),
                kind=_kind(one.get("instrument_type")),
            )
            for one in (found if isinstance(found, list) else [])
            if isinstance(one, dict) and isinstance(one.get("symbol"), str) and one.get("country") == "United States"
        ]

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _series(self, ticker: str, since: date | None, adjust: str) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
        exchange = exchange_of(ticker)
        symbol, place = (ticker, {}) if exchange is None else (ticker.rpartition(".")[0], {"mic_code": exchange.mic})
        start = {} if since is None else {"start_date": since.isoformat()}
        asked = {"symbol": symbol, "interval": "1day", "outputsize": MOST_ROWS, "adjust": adjust, **place, **start}
        answer = self._web.get("/time_series", asked)
        body = self._answer(ticker, answer)
        meta, rows = body.get("meta") or {}, body.get("values")
        if (
            not isinstance(meta, dict)
            or not isinstance(rows, list)
            or not all(isinstance(row, dict) and isinstance(row.get("datetime"), str) for row in rows)
        ):
            self._web.refuse(answer)
        if rows and str(meta.get("symbol", "")).upper() != symbol:
            raise self._web.fault(ProviderFault.BAD_ANSWER, f"answered for another ticker than {ticker}: {str(meta.get('symbol'))[:20]!r}.")
        return meta, rows

    def _answer(self, asked: str, answer: WebAnswer) -> dict[str, Any]:
        """The object of an answer that is data. Raises ProviderError for the errors that it tells, whatever its status."""
        body = self._web.json(answer)
        if not isinstance(body, dict):
            self._web.refuse(answer)
        if body.get("status") != "error" and answer.status == 200:
            return body
        code, message = body.get("code", answer.status), str(body.get("message", ""))
        if code == 400 and _NOTHING in message:
            return {"values": []}
        if code == 429:
            raise self._web.exhausted(answer, Window.DAY if "for the day" in message else Window.MINUTE)
        if isinstance(code, int) and code >= 500:
            raise self._web.fault(ProviderFault.UNREACHABLE, f"has a fault of its own: {message[:120]!r}.")
        if _OTHER_PLAN in message:
            raise self._web.fault(ProviderFault.UNKNOWN_TICKER, f"has {asked} for other plans than this key's.")
        fault = _FAULTS.get(code, ProviderFault.BAD_ANSWER) if isinstance(code, int) else ProviderFault.BAD_ANSWER
        if fault is ProviderFault.UNKNOWN_TICKER:
            raise self._web.fault(fault, f"has no ticker {asked}.")
        if fault is ProviderFault.KEY_REFUSED:
            raise self._web.fault(fault, f"refused the key. Check TWELVEDATA_API_KEY: {message[:120]!r}.")
        raise self._web.fault(fault, f"refused the request for {asked}: {message[:120]!r}.")


def _columns(traded: Sequence[Mapping[str, Any]], adjusted: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The rows as columns. A day without an adjusted close has none, and is left out with the rows that have faults."""
    closes = {row["datetime"][:10]: row.get("close") for row in adjusted}
    texts = {name: [_text(row.get(name)) for row in traded] for name in ("open", "high", "low", "close", "volume")}
    days = [row["datetime"][:10] for row in traded]
    return {"date": days, **texts, "adj_close": [_text(closes.get(day)) for day in days]}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _exchange(meta: Mapping[str, Any]) -> str | None:
    """The market identifier code, which some instruments lack, else the exchange's name."""
    told = str(meta.get("mic_code") or meta.get("exchange") or "")
    return mic_of(told) or told or None


def _kind(value: object) -> str | None:
    return str(value).lower() if value else None
