"""What the earlier tool kept as JSON: read whole where it is whole, and otherwise up to where it breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.growth import check_growth

from features.legacy.literals import LONGEST, HowRead, plain, read_json

AS_JSON, REPAIRED, IN_PART, NOT = HowRead.AS_JSON, HowRead.REPAIRED, HowRead.IN_PART, HowRead.NOT


@pytest.mark.parametrize(
    ("text", "how", "value"),
    [
        pytest.param('{"a": [1, null]}', AS_JSON, {"a": [1, None]}, id="JSON"),
        pytest.param('{"a": NaN, "b": 1e999}', REPAIRED, {"a": None, "b": None}, id="NaN and a number beyond a double"),
        pytest.param("{'a': (1, {2}), 'b': None, 3: b'x'}", REPAIRED, {"a": [1, [2]], "b": None, "3": "x"}, id="a literal of Python"),
        pytest.param("{'a': nan, 'b': -inf, 'c': True}", REPAIRED, {"a": None, "b": None, "c": True}, id="names that Python prints"),
        pytest.param("{\"it's\": 'a \\'b\\' \\n'}", REPAIRED, {"it's": "a 'b' \n"}, id="quotes within quotes"),
        pytest.param('["\\ud800"]', REPAIRED, ["\ufffd"], id="half a surrogate pair"),
        pytest.param(f"[{10**30}, {10**400}]", REPAIRED, [1e30, None], id="whole numbers beyond 64 bits"),
        pytest.param('{"a": 1, "b": {"c": [1, 2, 3', IN_PART, {"a": 1, "b": {"c": [1, 2]}}, id="cut off in a number"),
        pytest.param('[{"name": "RSI"}, {"name": "MA', IN_PART, [{"name": "RSI"}, {}], id="cut off in a text"),
        pytest.param('{"a": true, "b": fal', IN_PART, {"a": True}, id="cut off in a word"),
        pytest.param('{"a": 1, "b"', IN_PART, {"a": 1}, id="cut off behind a key"),
        pytest.param("{'a': 1, 'b': np.float64(2.0), 'c': 3}", IN_PART, {"a": 1}, id="a call"),
        pytest.param("[1, 2] and more", IN_PART, [1, 2], id="something behind it"),
        pytest.param("[1, 2}", IN_PART, [1, 2], id="the wrong bracket"),
        pytest.param("__import__('os').system('true')", NOT, None, id="code"),
        pytest.param("", NOT, None, id="nothing"),
        pytest.param("[" * 65, NOT, None, id="too deep"),
        pytest.param("-" * 90_000 + "1", NOT, None, id="signs without end"),
    ],
)
def test_what_a_text_holds(text: str, how: HowRead, value: Any) -> None:
    reading = read_json(text)
    assert (reading.how, reading.value) == (how, value)
    assert (reading.problem is None) == (how in (AS_JSON, REPAIRED))
    orjson.dumps(reading.value)


def test_what_is_too_long_is_read_as_if_it_were_cut_off() -> None:
    reading = read_json(json.dumps(["x" * 100] * (LONGEST // 100)))
    assert reading.how is IN_PART
    assert set(reading.value) == {"x" * 100}
    assert len(reading.value) > LONGEST // 110


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@settings(derandomize=True, deadline=None)
def test_what_either_language_prints_is_read_whole(value: Any) -> None:
    for text in (json.dumps(value), repr(value)):
        assert read_json(text).value == plain(value)


def agrees(part: Any, whole: Any) -> bool:
    """Whether a part of a value has only what the whole has."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and agrees(inner, whole[key]) for key, inner in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) <= len(whole) and all(map(agrees, part, whole))
    return bool(part == whole)


@given(st.lists(VALUES, max_size=4) | st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.data())
@settings(derandomize=True, deadline=None)
def test_a_cut_text_gives_nothing_that_the_whole_does_not(value: Any, data: st.DataObject) -> None:
    for text in (json.dumps(value), repr(value)):
        cut = data.draw(st.integers(1, len(text)))
        reading = read_json(text[:cut])
        assert agrees(reading.value, plain(value))
        assert (reading.how in (AS_JSON, REPAIRED)) == (cut == len(text))


def read(text: str) -> Callable[[], object]:
    return partial(read_json, text)


@pytest.mark.parametrize("unit", ['["a",', "'a',", '"', "\\", "{'a':", "1", "1,", " ", "[]", "nan,", "-", "(", "\U0001f600"])
def test_work_grows_with_the_text(unit: str) -> None:
    check_growth(lambda size: read("[" + unit * (size // len(unit))))
