"""What of a value goes into the audit log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.audit_values import HIDDEN, MOST_BYTES, difference, written


def told(value: Any) -> Any:
    text = written(value)
    return None if text is None else json.loads(text)


@pytest.mark.parametrize(
    "name", ["password", "new_password", "secret", "refresh_token", "key", "api_key", "code", "recovery_codes", "headers"]
)
def test_secrets_are_hidden_wherever_they_are(name: str) -> None:
    assert told({"a": [{name: "for nobody", "b": 1}]}) == {"a": [{name: HIDDEN, "b": 1}]}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:word@hooks.example.com:8443/services/T0/B0/for-nobody?token=x#y", "https://hooks.example.com:8443/…"),
        ("tgram://bot-token/chat", "tgram://…"),
        ("mailto://me:word@example.com", "mailto://…"),
        ("no address", HIDDEN),
        ("http://[", HIDDEN),
    ],
)
def test_of_addresses_only_their_host_is_told(address: str, shown: str) -> None:
    assert told({"url": address}) == {"url": shown}


def test_addresses_within_texts_are_told_so_as_well() -> None:
    assert told({"notes": "See https://example.com/a?b=c and wait."}) == {"notes": "See https://example.com/… and wait."}


def test_what_is_large_is_cut_and_says_how_much_it_was() -> None:
    cut = told({"text": "a" * 5_000, "items": list(range(1_000)), "many": {str(number): 1 for number in range(100)}})
    assert cut["text"].endswith("… 5,000 characters")
    assert cut["items"][-1] == "… 1,000 in all"
    assert cut["many"]["…"] == "100 fields"
    assert len(written({str(number): ["b" * 299] * 15 for number in range(60)}) or "") < 100 < MOST_BYTES


def test_what_json_cannot_hold_is_left_out() -> None:
    assert told({"a": 2**70}) == {"left out": "what is no JSON"}
    assert told({"a": "\ud800"}) == {"left out": "what is no JSON"}
    assert told({"a": frozenset({"y", "x"})}) == {"a": ["x", "y"]}
    assert told(None) is None


def test_only_what_differs_is_told() -> None:
    assert difference({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == ({"b": 2}, {"b": 3, "c": 4})
    assert difference(1, {"a": 1}) == (1, {"a": 1})
