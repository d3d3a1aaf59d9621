"""Calls the API as the OpenAPI document describes it, and keeps each request with its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from app import Application

MOST_ITEMS = 3  # of a list that an example shows, as the document's description says
MOST_LINES = 8  # of a text that an example shows: an event of a stream is whole
ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
# What differs each time and tells nothing, by the name of its field.
FIXED: Mapping[str, Any] = {
    "duration_ms": 0.4,
    "expires_in": 299.4,
    "host": "worker-1",
    "qr": "<svg></svg>",
    "pid": 4711,
    "idle": 1,
    "events": {"connects": 3, "checkouts": 120, "pings": 0, "timeouts": 0, "invalidations": 0},
    "seen_seconds": 0.5,
    "seconds": 0.004,
    "database": "sqlite:///var/bellwether.db",
}
WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
API_KEY, SECONDS_LEFT = re.compile(r"\bbw_[\w-]{43}"), re.compile(r"\bin \d+ s\b")
# As if there were as many migrations as an example lists: the next one changes nothing.
VERSION_IN_WORDS = re.compile(r"at version \d{4}")
VERSION_FIELDS = re.compile(r'"state": "current", "version": \d+, "current": "\w+"')
LATER_MIGRATIONS = re.compile(r"(0003_[a-z_]+), 0004[^.]+")
FIRST_MOMENT, DAY = datetime(2026, 11, 20, 21, tzinfo=UTC), timedelta(days=1)
# What people sign in with: tokens, links, codes of an app, recovery codes.
ACCESS_TOKEN, REFRESH_TOKEN = re.compile(r"\beyJ[\w-]{8,60}\.[\w-]{8,600}\.[\w-]{8,60}"), re.compile(r"\bbwr_[\w-]{43}")
CHALLENGE, LINK_TOKEN = re.compile(r"\bWyI[\w-]{8,200}\.[\w-]{1,20}\.[\w-]{8,60}"), re.compile(r'(set-password#|join#|"token": ")[\w-]{43}')
APP_SECRET, APP_CODE = re.compile(r"\b[A-Z2-7]{32}\b"), re.compile(r'("code": ")\d{6}"')
RECOVERY_CODE = re.compile(r'"[a-km-np-z2-9]{5}-[a-km-np-z2-9]{5}"')
PROVIDERS_PAGE = re.compile(r'http://127\.0\.0\.1:\d+/authorize\?[^"]*')
PASSKEY_CHALLENGE = re.compile(r"\bWyJ[\w-]{8,200}\.[\w-]{8,60}")
PASSKEY, HANDLE = re.compile(r'("(?:challenge|id)": ")[\w-]{43}"'), re.compile(r'("id": ")[\w-]{48}"')
SIGNED = re.compile(r'("(?:rawId|clientDataJSON|attestationObject|authenticatorData|signature|userHandle)": ")[\w-]{1,900}"')
FIXED_TEXTS = (
    (PROVIDERS_PAGE.sub, "https://id.example.com/authorize?response_type=code&client_id=bellwether"),
    (ACCESS_TOKEN.sub, "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTlhYTNiMiJ9.0000"),
    (REFRESH_TOKEN.sub, f"bwr_{'0' * 43}"),
    (CHALLENGE.sub, "WyIwMTlhYTNiMiJd.aSdGsA.0000"),
    (PASSKEY_CHALLENGE.sub, "WyJzaWduIGluIl0.0000"),
    (PASSKEY.sub, r'\g<1>AAECAwQFBgcICQoLDA0ODw"'),
    (SIGNED.sub, r'\g<1>AAECAwQFBgcICQoLDA0ODw"'),
    (HANDLE.sub, r'\g<1>MDE5YWEzYjI"'),
    (LINK_TOKEN.sub, rf"\g<1>{'0' * 43}"),
    (APP_SECRET.sub, "A" * 32),
    (APP_CODE.sub, r'\g<1>123456"'),
    (RECOVERY_CODE.sub, '"abcde-fghij"'),
    (API_KEY.sub, f"bw_{'0' * 43}"),
    (WEBHOOK_SECRET.sub, f"whsec_{'0' * 43}="),
    (SECONDS_LEFT.sub, "in 42 s"),
    (VERSION_IN_WORDS.sub, "at version 0003"),
    (VERSION_FIELDS.sub, '"state": "current", "version": 3, "current": "0003_jobs"'),
    (LATER_MIGRATIONS.sub, r"\1"),
)


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    operation: str
    request: dict[str, Any]  # path, query, header and body, where the request has them
    status: str
    content_type: str
    headers: frozenset[str]
    answer: Any  # JSON, or a text; None for a body that is neither, or for none


@dataclass
class Recorder:
    """A caller of an application with one key, or as a person. An operation is called by its id."""

    app: Application
    key: str
    token: str | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = self.app.test_client()
        document = json.loads(self.app.openapi_document())
        self._routes = {entry["operationId"]: (method, path) for path, item in document["paths"].items() for method, entry in item.items()}

    def __call__(
        self,
        operation: str,
        /,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        header: Mapping[str, str] | None = None,
        **path: Any,
    ) -> Any:
        """Call an operation and return the JSON of its answer. `body` is JSON, or the bytes of a file."""
        method, template = self._routes[operation]
        request = {name: part for name, part in (("path", path), ("query", query), ("header", header), ("body", body)) if part}
        is_file, is_text = isinstance(body, bytes), isinstance(body, str)
        shown = {"X-API-Key": self.key} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        sent = {**shown, **(header or {}), **({"Content-Type": "application/octet-stream"} if is_file else {})}
        response = self.http.open(
            template.format(**{name: quote(str(value), safe="") for name, value in path.items()}),
            method=method.upper(),
            query_string=query,
            headers={name: value for name, value in sent.items() if value},
            buffered=True,
            **({"data": body} if is_file or is_text else {"json": body} if body is not None else {}),
        )
        content_type = response.mimetype or "" if response.data else ""
        answer = json.loads(response.data) if content_type.endswith("json") else response.text if content_type.startswith("text/") else None
        if is_file:
            request["body"] = body.decode()
        names = frozenset(response.headers.keys())
        self.exchanges.append(Exchange(operation, request, str(response.status_code), content_type, names, answer))
        return answer

    def route(self, operation: str) -> tuple[str, str]:
        """The method of an operation, and its path with the variables in it."""
        return self._routes[operation]

    @contextmanager
    def as_person(self, token: str) -> Iterator[None]:
        """Call with an access token in place of the key."""
        self.token = token
        try:
            yield
        finally:
            self.token = None


def shortened(value: Any) -> Any:
    """The value with the first items of its lists, and the first lines of its texts."""
    if isinstance(value, dict):
        return {
            key: FIXED[key] if type(part) is type(FIXED.get(key)) and part is not None else shortened(part) for key, part in value.items()
        }
    if isinstance(value, list):
        return [shortened(part) for part in value[:MOST_ITEMS]]
    return "".join(value.splitlines(keepends=True)[:MOST_LINES]) if isinstance(value, str) else value


def with_fixed_ids_and_times(text: str) -> str:
    """The text with the same ids and times at each recording, in the order of those that it has."""
    ids = {found: f"019aa3b2-7a1e-7c8e-8a55-{number:012x}" for number, found in enumerate(dict.fromkeys(ID.findall(text)), 1)}
    text = ID.sub(lambda match: ids[match[0]], text)
    moments = _fixed_moments(MOMENT.findall(text))
    text = MOMENT.sub(lambda match: moments[match[0]], text)
    for substitute, fixed in FIXED_TEXTS:
        text = substitute(fixed, text)
    return text


def _fixed_moments(found: Iterable[str]) -> dict[str, str]:
    """Moments a second apart from FIRST_MOMENT on, in the order of those that were found; what lies days ahead stays so."""
    moments: dict[str, str] = {}
    fixed, former = FIRST_MOMENT, None
    for text in sorted(set(found)):
        moment = datetime.fromisoformat(text)
        if former is not None:
            fixed += round((moment - former) / DAY) * DAY or timedelta(seconds=1)
        moments[text] = f"{fixed:%Y-%m-%dT%H:%M:%S}.000000Z"
        former = moment
    return moments
