"""Asks a provider over HTTP: connections are kept, attempts and waits are bounded, every request is metered, and no message holds a key."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx
import orjson

from features.prices.providers.base import Means, Patience
from features.prices.providers.timed_transport import TimedTransport
from models.provider import ProviderError, ProviderFault, Window, text_of
from utils.clock import now

MOST_BYTES = 20_000_000  # of an answer: 20,000 bars are 6 MB in the most talkative format
CONNECTIONS = 16
AGAIN = frozenset({408, 500, 502, 503, 504})  # statuses that another attempt may mend
MOST_REDIRECTS = 5
LONGEST_WAIT = 86_400.0  # seconds that a source may ask to wait; its clock may be wrong
AGENT = "Bellwether (price refresh)"
_EXCERPT = 120  # characters of an answer that a message repeats
_LONGEST_MESSAGE = 400
_GZIP = 31  # for zlib: with the header of gzip


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
        return text_of(self.body[: 4 * _EXCERPT].decode("utf-8", "replace"), _EXCERPT) or ""

    @property
    def retry_after(self) -> float | None:
        """The seconds that the source asks to wait, if it does."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), LONGEST_WAIT)
        try:
            return min(max(0.0, (parsedate_to_datetime(text) - now()).total_seconds()), LONGEST_WAIT) if text else None
        except (ValueError, TypeError):
            return None


def pause_after(attempt: int, patience: Patience) -> float:
    """The seconds before another attempt."""
    spread = random.uniform(0.5, 1)  # noqa: S311  # nosec B311  # threads that failed together try again apart
    return spread * patience.first_pause * float(2 ** (attempt - 1))


class WebSource:
    """One provider's address. Thread-safe; connections are shared by all threads and kept alive."""

    def __init__(self, provider: str, address: str, headers: Mapping[str, str], means: Means, secrets: Sequence[str] = ()) -> None:
        """`provider` is the name for messages, `headers` go with each request; no message has the `secrets` or a key of the headers."""
        self.provider, self.meter = provider, means.meter
        self._patience = patience = means.patience
        keys = [value.split()[-1] for name, value in headers.items() if name == "Authorization"]
        self._secrets, self._has_key = [*keys, *secrets], bool(keys)
        self._transport = TimedTransport(CONNECTIONS)
        self._client = httpx.Client(
            base_url=address,
            headers={"User-Agent": AGENT, "Accept": "application/json, text/csv", "Accept-Encoding": "gzip", **headers},
            timeout=httpx.Timeout(patience.read, connect=patience.connect, pool=patience.answer),
            transport=self._transport,
        )

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> WebAnswer:
        """Ask, again where that may help. Answers any status below 500. Raises ProviderError when none comes.

        The caller has reserved the first request; each further attempt and each redirect is reserved here.
        """
        for attempt in range(1, self._patience.attempts + 1):
            pause = pause_after(attempt, self._patience)
            try:
                answer = self._ask(path, parameters)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise self.fault(ProviderFault.UNREACHABLE, f"has an address that cannot be asked: {error}.") from error
            except httpx.HTTPError as error:
                if attempt == self._patience.attempts:
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
        return ProviderError(fault, text_of(f"{self.provider} {what}", _LONGEST_MESSAGE) or "", window, retry_after)

    def exhausted(self, answer: WebAnswer, window: Window) -> ProviderError:
        """An error that tells of calls that are used up, and how long the provider asks to wait."""
        what = f"allows no further calls in this {window.value}."
        return self.fault(ProviderFault.EXHAUSTED, what, window, answer.retry_after)

    def refuse(self, answer: WebAnswer) -> NoReturn:
        """Raise for an answer that is neither data nor a refusal that the provider documents."""
        raise self.fault(ProviderFault.BAD_ANSWER, f"answered with what is no data (status {answer.status}): {answer.excerpt!r}.")

    def _ask(self, path: str, parameters: Mapping[str, str] | None) -> WebAnswer:
        request = self._client.build_request("GET", path, params=parameters)
        with self._transport.within(self._patience.answer):
            for _ in range(MOST_REDIRECTS + 1):
                response = self._client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        return WebAnswer(response.status_code, response.headers, self._body_of(response))
                    self._check_redirect(request.url, response.next_request.url)
                    request = response.next_request
                finally:
                    response.close()
                self.meter.reserve(1)
        raise self.fault(ProviderFault.UNREACHABLE, "redirects without end.")

    def _check_redirect(self, asked: httpx.URL, onward: httpx.URL) -> None:
        """Refuse one that would go on unencrypted, or take a source with a key for another one."""
        if asked.scheme == "https" and onward.scheme != "https":
            raise self.fault(ProviderFault.UNREACHABLE, "redirects to an address without encryption.")
        if self._has_key and asked.host != onward.host:
            raise self.fault(ProviderFault.UNREACHABLE, f"redirects to another host: {onward.host!r}.")

    def _body_of(self, response: httpx.Response) -> bytes:
        """The body, unpacked no further than it may be large: a short answer can stand for gigabytes."""
        coding = response.headers.get("content-encoding", "").strip().lower()
        if coding not in ("", "identity", "gzip"):
            raise self.fault(ProviderFault.BAD_ANSWER, f"answered in an encoding that it was not asked for: {coding[:20]!r}.")
        unpack = zlib.decompressobj(_GZIP) if coding == "gzip" else None
        body = bytearray()
        try:
            for piece in response.iter_raw():
                body += piece if unpack is None else unpack.decompress(piece, MOST_BYTES + 1 - len(body))
                if len(body) > MOST_BYTES:
                    raise self.fault(ProviderFault.BAD_ANSWER, f"answered with more than {MOST_BYTES // 1_000_000} MB.")
        except zlib.error as error:
            raise self.fault(ProviderFault.BAD_ANSWER, "answered with what is no gzip, and says it is.") from error
        if unpack is not None and unpack.unused_data:
            raise self.fault(ProviderFault.BAD_ANSWER, "answered with more than one packed file.")
        if unpack is not None and body and not unpack.eof:
            raise httpx.ReadError("the packed answer has no end")
        return bytes(body)

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
        return "its certificate cannot be verified" if "CERTIFICATE_VERIFY_FAILED" in str(error) else "no connection"
    return "the answer was cut off" if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) else type(error).__name__
