"""Helpers: tolerant and strict JSON, ids, times, logs."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from kit.paths import ROOT

from utils.clock import iso, now, parse_iso
from utils.ids import is_id, new_id
from utils.json_text import DuplicateKeys, MalformedJSON, dump, parse_strict, parse_tolerant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}, id="JSON"),
        pytest.param("{'a': 'it\\'s', 'b': None, 'c': True}", {"a": "it's", "b": None, "c": True}, id="a Python literal"),
        pytest.param(b"{'a': (1, 2)}", {"a": (1, 2)}, id="bytes"),
        pytest.param("__import__('os').system('true')", "default", id="code is not run"),
        pytest.param("{'a': ", "default", id="cut off"),
        pytest.param("", "default", id="empty"),
        pytest.param(None, "default", id="nothing"),
        pytest.param(b"\xff\xfe", "default", id="no text"),
        pytest.param("(" * 10_000, "default", id="deep"),
        pytest.param('{"a": 1, "a": 2}', {"a": 2}, id="a key twice"),
        pytest.param("{[]: 1}", "default", id="a list for a key"),
        pytest.param("[" + "1," * 50_000 + "]", "default", id="a literal that is too long"),
        pytest.param("[" + "1," * 500_000 + "1]", [1] * 500_001, id="long JSON"),
    ],
)
def test_tolerant_json(text: Any, expected: Any) -> None:
    assert parse_tolerant(text, "default") == expected


@pytest.mark.parametrize("text", ["{'a': 1}", "NaN", "[1,]", "Infinity", "", "{} x", b"\xff", "[" * 100_000])
def test_strict_json_refuses(text: Any) -> None:
    with pytest.raises(MalformedJSON):
        parse_strict(text)


@pytest.mark.parametrize(
    "text",
    ["(" * 1_000_000, "-" * 1_000_000, "[" * 1_000_000, "{" * 1_000_000, "1" * 1_000_000, "not " * 20_000 + "1", "1+" * 49_000 + "1"],
    ids=lambda text: f"{text[:4]}…",
)
def test_tolerant_json_gives_up_on_what_would_take_the_process_down(text: str) -> None:
    assert parse_tolerant(text, "default") == "default"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param('{"a": 1, "a": 1}', ["a"], id="the same twice"),
        pytest.param('{"a": 1, "b": 2, "\\u0061": {}, "a": 3}', ["a"], id="three times, once written otherwise"),
        pytest.param('{"a": {"b": [1, {"c": 1, "c": 2}]}, "d": 1, "d": 1}', ["d", "a.b.1.c"], id="inside"),
        pytest.param('[{"a": 1, "a": 2}, {"a": 1}, {"b": 1, "b": 2}]', ["0.a", "2.b"], id="in an array"),
        pytest.param('{"a": {"b": 1, "b": 2}, "a": {}}', ["a"], id="what a repeated key replaced is gone"),
    ],
)
def test_strict_json_refuses_keys_that_come_twice(text: str, paths: list[str]) -> None:
    with pytest.raises(DuplicateKeys) as raised:
        parse_strict(text)
    assert (raised.value.paths(50), raised.value.total) == (paths, len(paths))
    assert raised.value.paths(1) == paths[:1]


def test_json_of_times_and_days() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=1)))
    assert json.loads(dump({"t": moment.astimezone(UTC), "d": date(2026, 1, 2), "n": float("nan")})) == {
        "t": "2026-01-02T02:04:05.000678Z",
        "d": "2026-01-02",
        "n": None,
    }
    assert iso(moment) == "2026-01-02T02:04:05.000678Z"
    assert parse_iso(iso(moment)) == moment
    assert now().utcoffset() == timedelta(0)


def test_ids_sort_by_creation() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert all(map(is_id, ids))
    assert not any(map(is_id, ["", "x", ids[0].upper(), ids[0] + "0", f" {ids[0]}"]))


def test_logs_are_one_json_line_each_and_carry_no_secret() -> None:
    script = f"""
import sys, logging; sys.path.insert(0, {str(ROOT)!r})
import structlog
from utils.logger import configure_logging
configure_logging("info", as_json=True)
structlog.contextvars.bind_contextvars(request_id="r1")
log = structlog.get_logger("x")
log.info("ours", api_key="hunter2", password="hunter2", ticks=3)
log.debug("not shown")
logging.getLogger("someone.else").warning("theirs %s", 1)
try:
    1 / 0
except ZeroDivisionError as error:
    log.error("failed", exc_info=error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    ours, theirs, failed = [json.loads(line) for line in done.stderr.splitlines()]
    assert (ours["event"], ours["level"], ours["request_id"], ours["ticks"]) == ("ours", "info", "r1", 3)
    assert ours["timestamp"].endswith("Z")
    assert "hunter2" not in done.stderr
    assert (theirs["event"], theirs["logger"], theirs["request_id"]) == ("theirs 1", "someone.else", "r1")
    assert "ZeroDivisionError" in failed["exception"]


def test_a_traceback_in_a_terminal_shows_no_values() -> None:
    script = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import structlog
from utils.logger import configure_logging
configure_logging("info", as_json=False)
def fail(password):
    return 1 / 0
try:
    fail("hunter" + "2")
except ZeroDivisionError:
    structlog.get_logger("x").exception("failed")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "in fail" in done.stderr
    assert "hunter2" not in done.stderr
