"""What of a value goes into the audit log: no secret, and nothing large."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from utils.json_text import dump

HIDDEN = "(hidden)"
SECRET_WORDS = ("password", "secret", "token", "credential", "challenge", "recovery", "signature", "sha256", "digest")
SECRET_NAMES = frozenset({"key", "api_key", "code", "codes", "current", "new", "uri", "qr", "headers", "authorization"})
ADDRESS_NAMES = frozenset({"url", "urls", "template"})
LONGEST_TEXT, LONGEST_LIST, LARGEST_OBJECT = 300, 20, 60  # characters, items, fields
DEEPEST = 8
MOST_BYTES = 16_000  # of the whole
_ADDRESS = re.compile(r"\b[a-z]{2,20}://[^\s]+")


def written(value: Any) -> str | None:
    """A value as JSON text without secrets and shortened; None for nothing."""
    if value is None:
        return None
    try:
        text = dump(_cleaned(_plain(value), "", 0)).decode()
    except (TypeError, ValueError):  # what JSON cannot hold must not keep the change from being made
        return dump({"left out": "what is no JSON"}).decode()
    return text if len(text) <= MOST_BYTES else dump({"left out": f"{len(text):,} characters"}).decode()


def difference(before: Any, after: Any) -> tuple[Any, Any]:
    """Two objects with only the fields that differ; other values as they are."""
    before, after = _plain(before), _plain(after)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return before, after
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before[name] for name in changed if name in before}, {name: after[name] for name in changed if name in after}


def _plain(value: Any) -> Any:
    return None if value is None else orjson.loads(orjson.dumps(value, default=_other, option=orjson.OPT_UTC_Z))


def _other(value: Any) -> Any:
    """What of our types JSON has no form for."""
    return sorted(map(str, value)) if isinstance(value, frozenset | set) else type(value).__name__


def _cleaned(value: Any, name: str, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _is_secret(name):
        return HIDDEN
    if depth > DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        kept = {key: _cleaned(part, key, depth + 1) for key, part in list(value.items())[:LARGEST_OBJECT]}
        return kept if len(value) <= LARGEST_OBJECT else {**kept, "…": f"{len(value):,} fields"}
    if isinstance(value, list):
        kept_items = [_cleaned(part, name, depth + 1) for part in value[:LONGEST_LIST]]
        return kept_items if len(value) <= LONGEST_LIST else [*kept_items, f"… {len(value):,} in all"]
    if isinstance(value, str):
        return _text(value, name)
    return value


def _text(value: str, name: str) -> str:
    if name in ADDRESS_NAMES:
        return host_of_address(value)
    value = _ADDRESS.sub(lambda found: host_of_address(found[0]), value)
    return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}… {len(value):,} characters"


def host_of_address(value: str) -> str:
    """Where an address leads, without what could let somebody in: the path of some webhooks is all that protects them."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return HIDDEN
    if parts.scheme not in ("http", "https"):
        # In place of a host, the addresses of some services have what lets somebody in.
        return f"{parts.scheme}://…" if parts.scheme else HIDDEN
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}/…" if host else HIDDEN


def _is_secret(name: str) -> bool:
    name = name.lower()
    return name in SECRET_NAMES or any(word in name for word in SECRET_WORDS)
