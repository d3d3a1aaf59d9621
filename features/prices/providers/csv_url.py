"""Price files at an address with the ticker in it: a server of one's own, or a site that serves CSV."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl, quote, urlsplit

from features.prices.files.reader import ReadOptions, read_file
from features.prices.latest_day import latest_day
from features.prices.providers.about import CSV_URL
from features.prices.providers.base import Means
from features.prices.providers.web_source import WebAnswer, WebSource
from models.price_errors import AmbiguousDates, PriceQuality
from models.provider import Fetched, Listing, ProviderFault, Window

TICKER, SINCE = "{ticker}", "{since}"
_FIRST_DAY = date(1900, 1, 1)
_LEAST_SECRET = 6  # characters


class CsvUrl:
    """Reads what an upload reads: CSV in any dialect, or a workbook."""

    name, terms, zone = CSV_URL

    def __init__(self, template: str, means: Means) -> None:
        """`template` is an address with {ticker}, and with {since} (a day, YYYY-MM-DD) where it takes one."""
        self._template, self._clock = template, means.clock
        self._web = WebSource(
            f"The file server at {urlsplit(template).hostname}", "", {"Accept": "text/csv, */*"}, means, _secrets_of(template)
        )

    def cost(self, since: date | None) -> int:
        """One request."""
        return 1

    def fetch(self, ticker: str, since: date | None) -> Fetched:
        """The bars of the file; from `since` on only if the template asks for it. Raises ProviderError."""
        self._web.meter.reserve(1)
        address = self._template.replace(TICKER, quote(ticker, safe="")).replace(SINCE, (since or _FIRST_DAY).isoformat())
        answer = self._web.get(address)
        self._check(ticker, answer)
        moment = self._clock()
        try:
            parsed = read_file(answer.body, ReadOptions(latest_day=latest_day(ticker, moment), ticker=ticker, leave_out_bad_rows=True))
        except (PriceQuality, AmbiguousDates) as error:
            reason = error.problems[0].message if isinstance(error, PriceQuality) else str(error)
            raise self._web.fault(ProviderFault.BAD_ANSWER, f"sent a file of {ticker} that cannot be read: {reason}") from error
        other = next((warning for warning in parsed.warnings if warning.code == "other_ticker"), None)
        if other is not None:
            raise self._web.fault(ProviderFault.BAD_ANSWER, f"sent a file of another ticker. {other.message}")
        return Fetched(parsed.packed, parsed.adjusted, parsed.bases, dropped=parsed.dropped)

    def search(self, text: str) -> list[Listing]:
        """A server of files has nothing to search."""
        return []

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _check(self, ticker: str, answer: WebAnswer) -> None:
        if answer.status in (404, 410):
            raise self._web.fault(ProviderFault.UNKNOWN_TICKER, f"has no file of {ticker}.")
        if answer.status == 429:
            raise self._web.exhausted(answer, Window.MINUTE)
        if answer.status in (401, 403):
            raise self._web.fault(ProviderFault.KEY_REFUSED, f"refuses access (status {answer.status}). Check CSV_URL_TEMPLATE.")
        if answer.status != 200:
            self._web.refuse(answer)


def _secrets_of(template: str) -> list[str]:
    """What may be a key: the password in an address, and the values after its question mark that are not our own."""
    parts = urlsplit(template)
    values = [value for _, value in parse_qsl(parts.query) if TICKER not in value and SINCE not in value]
    return [value for value in (*values, parts.password or "") if len(value) >= _LEAST_SECRET]
