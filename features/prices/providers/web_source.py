"""Asks a provider over HTTP: connections are kept, attempts and waits are bounded, every request is metered, and no message holds a key."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx
import orjson

from features.prices.providers.base import Means, Patience
from models.provider import ProviderError, ProviderFault, Window
from utils.clock import now

MOST_BYTES = 20_000_000  # of an answer: 20,000 bars are 6 MB in the most talkative format
CONNECTIONS = 16
AGAIN = frozenset({408, 500, 502, 503, 504})  # statuses that another attempt may mend
AGENT = "Bellwether (price refresh)"
_EXCERPT = 120  # characters of an answer that a message repeats


@dataclass(frozen=True)
class WebAnswer:
    """An answer that came whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def excerpt(self) -> str:
        """The beginning of the body on one line, as messages repeat it."""
        return " ".join(self.text.split())[:_EXCERPT]

    @property
    def retry_after(self) -> float | None:
        """The seconds that the source asks to wait, if it does."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(min(int(text[:9]), 86_400))
        try:
            return max(0.0, (parsedate_to_datetime(text) - now()).total_seconds()) if text else None
        except (ValueError, TypeError):
            return None


def pause_after(attempt: int, patience: Patience) -> float:
    """The seconds before another attempt."""
    spread = random.uniform(0.5, 1)  # noqa: S311  # nosec B311  # threads that failed together try again apart
    return spread * patience.first_pause * float(2 ** (attempt - 1))


class WebSource:
    """One provider's address. Thread-safe; connections are shared by all threads and kept alive."""

    def __init__(self, provider: str, address: str, headers: Mapping[str, str], means: Means) -> None:
        """`provider` is the name for messages, `headers` go with each request; redirects are followed, without a key to another host."""
        self.provider, self.meter = provider, means.meter
        self._patience = patience = means.patience
        self._secrets = [value.split()[-1] for name, value in headers.items() if name == "Authorization"]
        self._client = httpx.Client(
            base_url=address,
            headers={"User-Agent": AGENT, "Accept": "application/json, text/csv", **headers},
            timeout=httpx.Timeout(patience.read, connect=patience.connect, pool=patience.answer),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            follow_redirects=True,
        )

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> WebAnswer:
        """Ask, again where that may help. Answers any status below 500. Raises ProviderError when none comes.

        The caller has reserved the first request; each further attempt is reserved here.
        """
        for attempt in range(1, self._patience.attempts + 1):
            pause = pause_after(attempt, self._patience)
            try:
                answer = self._ask(path, parameters)
            except httpx.InvalidURL as error:
                raise self.fault(ProviderFault.UNREACHABLE, f"has an address that cannot be asked: {error}.") from error
            except httpx.HTTPError as error:
                if attempt == self._patience.attempts or isinstance(error, httpx.UnsupportedProtocol):
                    raise self.fault(ProviderFault.UNREACHABLE, f"did not answer: {_in_words(error)}.") from error
            else:
                pause = max(pause, answer.retry_after or 0.0)
                if answer.status not in AGAIN or attempt == self._patience.attempts or pause > self._patience.longest_pause:
                    return self._without_fault_of_its_own(answer)
            time.sleep(pause)
            self.meter.reserve(1)
        raise AssertionError("the last attempt answers or raises")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def json(self, answer: WebAnswer) -> Any:
        """The body as JSON. Raises ProviderError where it is none, as where a page of HTML comes with status 200."""
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise self.fault(ProviderFault.BAD_ANSWER, f"answered with what is no JSON: {answer.excerpt!r}.") from error

    def fault(self, fault: ProviderFault, what: str, window: Window | None = None, retry_after: float | None = None) -> ProviderError:
        """An error whose sentence begins with the provider's name. A key that the provider repeats is taken out."""
        for secret in self._secrets:
            what = what.replace(secret, "…")
        return ProviderError(fault, f"{self.provider} {what}", window, retry_after)

    def exhausted(self, answer: WebAnswer, window: Window) -> ProviderError:
        """An error that tells of calls that are used up, and how long the provider asks to wait."""
        what = f"allows no further calls in this {window.value}."
        return self.fault(ProviderFault.EXHAUSTED, what, window, answer.retry_after)

    def refuse(self, answer: WebAnswer) -> NoReturn:
        """Raise for an answer that is neither data nor a refusal that the provider documents."""
        raise self.fault(ProviderFault.BAD_ANSWER, f"answered with what is no data (status {answer.status}): {answer.excerpt!r}.")

    def _ask(self, path: str, parameters: Mapping[str, str] | None) -> WebAnswer:
        ends_at = time.monotonic() + self._patience.answer
        body = bytearray()
        with self._client.stream("GET", path, params=parameters) as response:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise self.fault(ProviderFault.BAD_ANSWER, f"answered with more than {MOST_BYTES // 1_000_000} MB.")
                if time.monotonic() > ends_at:
                    raise httpx.ReadTimeout("the answer was not complete in time")
            return WebAnswer(response.status_code, response.headers, bytes(body))

    def _without_fault_of_its_own(self, answer: WebAnswer) -> WebAnswer:
        if answer.status < 500:
            return answer
        what = f"has a fault of its own (status {answer.status})."
        raise self.fault(ProviderFault.UNREACHABLE, what, retry_after=answer.retry_after)


def _in_words(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx.TimeoutException):
        return "the answer was not complete in time"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.TooManyRedirects):
        return "it redirects without end"
    return "the answer was cut off" if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) else type(error).__name__
