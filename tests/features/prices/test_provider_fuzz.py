"""Any part of an answer may be of any kind: what comes of it can be stored, or is a fault of the provider, and nothing else."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from kit.databases import Backend
from kit.market import Market, trading
from kit.price_server import Answering, Asked, Reply, as_json
from kit.providers import TIINGO_META, WELL, Ask, twelve_body, twelve_rows

from features.prices.refresh import MustWait, RefreshFailed
from models.provider import Fetched, ProviderError, ProviderFault

JSON_KINDS = pytest.mark.parametrize("kind", ["tiingo", "twelvedata"])
TIMES = 250
LONGEST_MESSAGE = 500
STRANGE: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**400, 1e308, "", "NaN", "Infinity", "-1", "2005-02-30", "not a day", "2005-03-01T", "x" * 5_000,
    "\x00", "é", [], {}, [1], {"a": 1}, [[]], {"code": []}, {"detail": []},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all parts of a value, itself included; of lists, the first few."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, part in inner:
        yield from places(part, (*path, name))


def with_change(value: Any, chance: random.Random) -> Any:
    """The value with one of its parts replaced, or gone."""
    changed = copy.deepcopy(value)
    path = chance.choice(list(places(changed)))
    replacement = copy.deepcopy(chance.choice(STRANGE))
    if not path:
        return replacement
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if isinstance(holder, dict) and chance.random() < 0.2:
        del holder[path[-1]]
    else:
        holder[path[-1]] = replacement
    return changed


def changing(kind: str, chance: random.Random) -> Answering:
    """A server whose answers have a changed part; now and then its status is that of an error."""

    def answer(asked: Asked) -> Reply:
        body = json.loads(WELL[kind](asked).body)
        return as_json(with_change(body, chance), chance.choice([200] * 7 + [400, 404, 429]))

    return answer


def is_storable(fetched: Fetched) -> bool:
    days = fetched.packed.days()
    texts = [fetched.currency, fetched.time_zone]
    if fetched.listing is not None:
        texts += [fetched.listing.name, fetched.listing.exchange, fetched.listing.currency, fetched.listing.kind]
    return (
        days == sorted(set(days))
        and all(text is None or (isinstance(text, str) and text.isprintable() and 0 < len(text) <= 200) for text in texts)
        and all(math.isfinite(value) for value in fetched.packed.column("close"))
        and all(action.amount is None or math.isfinite(action.amount) for action in fetched.actions)
    )


def is_told(error: ProviderError) -> bool:
    """Whether a fault can be stored and shown, and the test's own server is not that which failed."""
    return len(str(error)) < LONGEST_MESSAGE and str(error).isprintable() and "did not answer" not in str(error)


@JSON_KINDS
def test_a_fetch_ends_with_what_can_be_stored_or_with_a_fault(ask: Ask, kind: str) -> None:
    chance, errors, read = random.Random(7), [], 0  # noqa: S311
    asking = ask(kind, changing(kind, chance))
    for _ in range(TIMES):
        try:
            fetched = asking.provider.fetch("AAPL", None)
        except ProviderError as error:
            errors.append(error)
        else:
            assert is_storable(fetched)
            read += 1
    assert [error for error in errors if not is_told(error)] == []
    assert {error.fault for error in errors} >= {ProviderFault.BAD_ANSWER, ProviderFault.EXHAUSTED, ProviderFault.UNKNOWN_TICKER}
    assert read > TIMES / 5


@JSON_KINDS
def test_a_search_ends_with_tickers_or_with_a_fault(ask: Ask, kind: str) -> None:
    chance, errors = random.Random(8), []  # noqa: S311
    one = {"name": "Apple Inc", "ticker": "AAPL", "symbol": "AAPL", "assetType": "Stock", "isActive": True, "instrument_name": "Apple Inc"}
    body: Any = [one, dict(one)] if kind == "tiingo" else {"data": [{**one, "country": "United States"}], "status": "ok"}
    asking = ask(kind, lambda asked: as_json(with_change(body, chance)))
    for _ in range(TIMES):
        try:
            found = asking.provider.search("apple")
        except ProviderError as error:
            errors.append(error)
        else:
            texts = [text for one in found for text in (one.name, one.exchange, one.currency, one.kind) if text is not None]
            assert all(isinstance(text, str) and text.isprintable() for text in texts)
    assert [error for error in errors if not is_told(error)] == []


@pytest.mark.parametrize(
    "words", [b"\x00" * 50, b"\xff\xfe" * 50, "\u202e\x1b[31m".encode(), b"x" * 100_000], ids=["null", "none", "signs", "long"]
)
@pytest.mark.parametrize("kind", WELL)
def test_words_of_any_kind_are_kept_as_the_reason(backend: Backend, kind: str, words: bytes) -> None:
    """Postgres keeps no null byte, and a terminal obeys some signs."""
    with trading(Market({}), kind, answers={kind: lambda asked: Reply(words, 418)}) as own, pytest.raises(RefreshFailed) as failed:
        own.refresher.refresh("AAPL", force=True)
    assert str(failed.value).isprintable()
    assert len(str(failed.value)) < LONGEST_MESSAGE


@pytest.mark.parametrize(
    "name",
    ["x" * 100_000, "Null\x00Byte", ["Apple"], 7, {"a": 1}, ""],
    ids=["long", "null byte", "list", "number", "object", "empty"],
)
@JSON_KINDS
def test_what_a_ticker_stands_for_may_be_anything_and_its_prices_are_stored(backend: Backend, kind: str, name: Any) -> None:
    def tiingo(asked: Asked) -> Reply:
        return WELL["tiingo"](asked) if asked.path.endswith("/prices") else as_json({**TIINGO_META, "name": name, "exchangeCode": name})

    def twelve(asked: Asked) -> Reply:
        body = twelve_body(twelve_rows(asked))
        meta: Any = body["meta"]
        return as_json({**body, "meta": {**meta, "type": name, "mic_code": name, "currency": name, "exchange_timezone": name}})

    with trading(Market({}), kind, answers={"tiingo": tiingo, "twelvedata": twelve}) as own:
        try:
            assert own.refresher.refresh("AAPL", force=True).bars > 20
        except (RefreshFailed, MustWait) as error:
            pytest.fail(f"not stored: {error}")
