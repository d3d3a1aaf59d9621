"""The session through which yfinance asks Yahoo. Importing this module imports yfinance, and pandas with it.

A process has one, because yfinance keeps one for all: whose request it sends is told by the thread's `Conversation`.
"""

from __future__ import annotations

import logging
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from json import JSONDecodeError, dumps, loads
from typing import Any, NoReturn
from urllib.parse import urlsplit

import yfinance
from curl_cffi import CurlECode, CurlOpt, requests
from yfinance.exceptions import YFPricesMissingError, YFRateLimitError

from features.prices.providers.base import Means, Patience
from features.prices.providers.web_source import AGAIN, MOST_BYTES, WebAnswer, pause_after
from features.prices.providers.yahoo_chart import Chart
from models.provider import ProviderError, ProviderFault, Window

# yfinance would keep cookies and time zones in files of the user's cache folder. Where no folder can be, it does without.
_NOWHERE = os.path.join(os.devnull, "yfinance")  # noqa: PTH118 — a text is asked for
_COOKIE = "https://fc.yahoo.com"
_CHART, _SEARCH, _CRUMB = "/v8/finance/chart/", "/v1/finance/search", "/v1/test/getcrumb"
_TOO_MANY, _DOWN = "Too Many Requests", "Will be right back"
_EXHAUSTED = frozenset({429, 999})
_TURNED_AWAY = frozenset({401, 403})
# With status 400 or 422, of a time without bars.
_NOTHING = ("Data doesn't exist for startDate", "start date cannot be after end date")
_COLUMNS = {"open": "Open", "high": "High", "low": "Low", "close": "Close", "adj_close": "Adj Close", "volume": "Volume"}
_conversation: ContextVar[Conversation] = ContextVar("conversation")

yfinance.config.debug.hide_exceptions = False
yfinance.config.network.retries = 0
yfinance.set_tz_cache_location(_NOWHERE)
warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")  # of pandas, for what yfinance calls
logging.getLogger("yfinance").setLevel(logging.CRITICAL + 1)  # what it says is raised as well


class NothingNewer(Exception):
    """There are no bars in the time that was asked for."""


class Conversation:
    """The requests of one fetch or search, the `paid` first of which are reserved already."""

    def __init__(self, asked: str, address: str | None, means: Means, paid: int) -> None:
        """`asked` is the ticker or text for messages; `address` is asked in place of Yahoo's hosts, if there is one."""
        self._asked, self._address, self._paid = asked, address, paid
        self._meter, self._patience = means.meter, means.patience
        self._refusals = 0
        self.chart: Chart | None = None

    @property
    def was_refused(self) -> bool:
        """Whether Yahoo did not accept the cookie."""
        return self._refusals > 0

    @contextmanager
    def begun(self) -> Iterator[Any]:
        """The session, whose requests are this conversation's until the end of the block."""
        token = _conversation.set(self)
        try:
            yield _session()
        finally:
            _conversation.reset(token)

    def ask(self, url: str, send: Callable[[str, tuple[float, float]], Any]) -> Any:
        """Send a request of yfinance, again where that may help, and judge the answer: yfinance would keep bad ones for later."""
        parts = urlsplit(url)
        address = url if self._address is None else f"{self._address.rstrip('/')}{parts.path}{f'?{parts.query}' if parts.query else ''}"
        if parts.path.startswith((_CHART, _SEARCH)):
            response = self._data(address, send)
            self._judge(response, parts.path)
            return response
        response = self._once(address, send)
        if parts.path == _CRUMB:
            answer = _answer(response)
            if answer.status in _EXHAUSTED or _TOO_MANY in answer.text:
                raise self._exhausted(answer)
            if answer.status >= 400:  # yfinance would take the words of the error for the crumb; without one, it goes on
                raise requests.exceptions.ConnectionError(f"no crumb (status {answer.status})")
        return response

    def fault(self, fault: ProviderFault, what: str, window: Window | None = None, retry_after: float | None = None) -> ProviderError:
        """An error whose sentence begins with Yahoo."""
        return ProviderError(fault, f"Yahoo {what}", window, retry_after)

    def _once(self, address: str, send: Callable[[str, tuple[float, float]], Any]) -> Any:
        if self._paid:
            self._paid -= 1
        else:
            self._meter.reserve(1)
        patience = self._patience
        return send(address, (patience.connect, max(patience.answer - patience.connect, 0.1 * patience.answer)))

    def _data(self, address: str, send: Callable[[str, tuple[float, float]], Any]) -> Any:
        patience: Patience = self._patience
        for attempt in range(1, patience.attempts + 1):
            pause = pause_after(attempt, patience)
            try:
                response = self._once(address, send)
            except requests.exceptions.RequestException as error:
                if error.code == CurlECode.FILESIZE_EXCEEDED:
                    raise self.fault(ProviderFault.BAD_ANSWER, f"answered with more than {MOST_BYTES // 1_000_000} MB.") from error
                if attempt == patience.attempts or isinstance(error, requests.exceptions.InvalidURL):
                    raise self.fault(ProviderFault.UNREACHABLE, f"did not answer: {_in_words(error)}.") from error
            else:
                answer = _answer(response)
                pause = max(pause, answer.retry_after or 0.0)
                if answer.status not in AGAIN or attempt == patience.attempts or pause > patience.longest_pause:
                    return response
            time.sleep(pause)
        raise AssertionError("the last attempt answers or raises")

    def _judge(self, response: Any, path: str) -> None:
        """Raise for what is no data; else keep what the chart tells beside its bars."""
        answer = _answer(response)
        if answer.status in _EXHAUSTED or (answer.body[:1] != b"{" and _TOO_MANY in answer.text[:1_000]):
            raise self._exhausted(answer)
        if answer.status >= 500 or _DOWN in answer.text[:10_000]:
            what = f"has a fault of its own (status {answer.status})."
            raise self.fault(ProviderFault.UNREACHABLE, what, retry_after=answer.retry_after)
        if answer.status in _TURNED_AWAY:
            self._refusals += 1
            if self._refusals == 1:
                return  # yfinance gets another cookie, and asks once more
            raise self.fault(ProviderFault.UNREACHABLE, f"turns the service away (status {answer.status}): {answer.excerpt!r}.")
        body = self._json(response, answer)
        told = body.get("chart") or body.get("finance") or {}
        error = told.get("error") if isinstance(told, dict) else None
        if error is not None:
            self._raise_for(error, answer)
        if answer.status != 200:
            self._refuse(answer)
        if path.startswith(_CHART):
            self.chart = self._chart(body, answer)

    def _json(self, response: Any, answer: WebAnswer) -> dict[str, Any]:
        """The body. Numbers that JSON does not have become null, also for yfinance, which cannot read them with every parser."""
        strange: list[str] = []
        try:
            body = loads(answer.body, parse_constant=strange.append)
        except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.fault(ProviderFault.BAD_ANSWER, f"answered with what is no JSON: {answer.excerpt!r}.") from error
        if not isinstance(body, dict):
            self._refuse(answer)
        if strange:
            response.content = dumps(body).encode()
        return body

    def _chart(self, body: dict[str, Any], answer: WebAnswer) -> Chart:
        try:
            result = body["chart"]["result"][0]
            chart = Chart(result["meta"], result.get("events") or {})
            if not chart.zone or not chart.symbol:
                self._refuse(answer)
        except (KeyError, TypeError, IndexError, AttributeError):
            self._refuse(answer)
        return chart

    def _raise_for(self, error: Any, answer: WebAnswer) -> NoReturn:
        code, words = (error.get("code"), str(error.get("description"))) if isinstance(error, dict) else (None, str(error))
        if any(nothing in words for nothing in _NOTHING):
            raise NothingNewer(words)
        if code == "Not Found" or answer.status == 404:
            raise self.fault(ProviderFault.UNKNOWN_TICKER, f"has no ticker {self._asked}.")
        raise self.fault(ProviderFault.BAD_ANSWER, f"refused the request for {self._asked}: {words[:120]!r}.")

    def _refuse(self, answer: WebAnswer) -> NoReturn:
        raise self.fault(ProviderFault.BAD_ANSWER, f"answered with what is no data (status {answer.status}): {answer.excerpt!r}.")

    def _exhausted(self, answer: WebAnswer) -> ProviderError:
        """Yahoo does not say which limit it is. Those who were told so report waits of about an hour."""
        return self.fault(ProviderFault.EXHAUSTED, "allows no further calls in this hour.", Window.HOUR, answer.retry_after)


class _Session(requests.Session):
    """Does as a browser does, without which Yahoo refuses to answer; certificates are verified.

    Without files, yfinance would ask for a cookie before each request: the one that is here already does.
    """

    _with_cookie: Any = None  # the answer that brought it

    def request(self, method: str, url: str, **options: Any) -> Any:
        conversation, send = _conversation.get(), super().request
        is_cookie = url.rstrip("/") == _COOKIE
        if is_cookie and self._with_cookie is not None and not conversation.was_refused:
            return self._with_cookie
        response = conversation.ask(url, lambda address, timeout: send(method, address, **{**options, "timeout": timeout}))
        if is_cookie:
            self._with_cookie = response
        return response


@cache
def _session() -> _Session:
    slowest = {CurlOpt.LOW_SPEED_LIMIT: 1, CurlOpt.LOW_SPEED_TIME: math.ceil(Patience().read)}  # bytes a second, for so many seconds
    return _Session(impersonate="chrome", max_redirects=10, curl_options={CurlOpt.MAXFILESIZE_LARGE: MOST_BYTES, **slowest})


def history(conversation: Conversation, symbol: str, since: date | None) -> dict[str, list[str]]:
    """The bars as columns of text, named as our own. Raises ProviderError, or NothingNewer."""
    span = {"period": "max"} if since is None else {"start": since}
    with conversation.begun() as session, _told_by_kind(conversation):
        ticker = yfinance.Ticker(symbol, session=session)
        frame = ticker.history(interval="1d", auto_adjust=False, actions=True, repair=False, **span)
        # Actions on days without a bar make rows without prices.
        frame = frame.dropna(how="all", subset=["Open", "High", "Low", "Close"])
        days = [day.date().isoformat() for day in frame.index]
        return {"date": days, **{ours: [_text(value) for value in frame[theirs]] for ours, theirs in _COLUMNS.items()}}


def search(conversation: Conversation, text: str, most: int) -> list[dict[str, Any]]:
    """What Yahoo finds. Raises ProviderError."""
    with conversation.begun() as session, _told_by_kind(conversation):
        found = yfinance.Search(text, max_results=most, news_count=0, lists_count=0, recommended=0, session=session)
        return [quote for quote in found.quotes if isinstance(quote, dict)]


@contextmanager
def _told_by_kind(conversation: Conversation) -> Iterator[None]:
    """Tell what yfinance raises as a fault of a kind."""
    try:
        yield
    except (ProviderError, NothingNewer):
        raise
    except YFRateLimitError as error:
        what = "allows no further calls in this hour."
        raise conversation.fault(ProviderFault.EXHAUSTED, what, Window.HOUR) from error
    except YFPricesMissingError as error:
        raise NothingNewer(str(error)) from error
    except requests.exceptions.RequestException as error:
        raise conversation.fault(ProviderFault.UNREACHABLE, f"did not answer: {_in_words(error)}.") from error
    except Exception as error:  # of an answer in another form, yfinance raises whatever it meets
        what = f"answered in a form that this version of yfinance cannot read ({type(error).__name__})."
        raise conversation.fault(ProviderFault.BAD_ANSWER, what) from error


def _answer(response: Any) -> WebAnswer:
    return WebAnswer(response.status_code, response.headers, response.content)


def _text(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _in_words(error: Exception) -> str:
    known = requests.exceptions
    if isinstance(error, known.Timeout):
        return "the answer was not complete in time"
    if isinstance(error, known.CertificateVerifyError | known.SSLError):
        return "its certificate cannot be verified"
    if isinstance(error, known.TooManyRedirects):
        return "it redirects without end"
    if isinstance(error, known.IncompleteRead):
        return "the answer was cut off"
    return "no connection" if isinstance(error, known.ConnectionError) else type(error).__name__
