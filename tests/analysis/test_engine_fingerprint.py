"""The fingerprint: equal work has an equal fingerprint, and every input of a result changes it."""

from __future__ import annotations

import dataclasses

import pytest
from kit.bars import chosen

from analysis import engine
from analysis.engine import Fingerprints
from models.analysis import Parameters
from models.freshness import StaleBy

SHA = "0" * 64
USUAL = chosen("trend")
CHANGES = {
    "strategy": "weekly",
    "weights": {**USUAL.weights, "rsi": 9.0},
    "indicators": ("rsi",),
    "stop_percent": 9.0,
    "reward_risk": 9.0,
    "max_position_percent": 9.0,
}


def test_the_same_work_has_the_same_fingerprint() -> None:
    again = chosen("trend", indicators=tuple(reversed(USUAL.indicators)), weights={"trend": 1.5})
    assert Fingerprints(USUAL).of("IBM", SHA, None) == Fingerprints(again).of("IBM", SHA, None)


def test_the_order_of_the_weights_does_not_matter() -> None:
    turned = dataclasses.replace(USUAL, weights=dict(reversed(USUAL.weights.items())))
    assert Fingerprints(turned).of("IBM", SHA, None) == Fingerprints(USUAL).of("IBM", SHA, None)


def test_a_fingerprint_is_a_hex_digest() -> None:
    digest = Fingerprints(USUAL).of("IBM", SHA, None)
    assert len(bytes.fromhex(digest)) == 32


def test_the_table_below_changes_every_parameter() -> None:
    assert set(CHANGES) == {field.name for field in dataclasses.fields(Parameters)}


@pytest.mark.parametrize("name", CHANGES)
def test_every_parameter_changes_the_fingerprint(name: str) -> None:
    changed = dataclasses.replace(USUAL, **{name: CHANGES[name]})
    assert Fingerprints(changed).of("IBM", SHA, None) != Fingerprints(USUAL).of("IBM", SHA, None)


@pytest.mark.parametrize("key", USUAL.weights)
def test_every_weight_changes_the_fingerprint(key: str) -> None:
    heavier = dataclasses.replace(USUAL, weights={**USUAL.weights, key: USUAL.weights[key] + 1e-12})
    assert Fingerprints(heavier).of("IBM", SHA, None) != Fingerprints(USUAL).of("IBM", SHA, None)


@pytest.mark.parametrize(
    ("ticker", "sha", "stale"),
    [("MSFT", SHA, None), ("IBM", "1" + SHA[1:], None), ("IBM", SHA, StaleBy(None, None)), ("IBM", SHA, StaleBy("XLON", "London"))],
    ids=["the ticker", "the bars", "staleness", "the exchange by which they are stale"],
)
def test_everything_else_changes_the_fingerprint(ticker: str, sha: str, stale: StaleBy | None) -> None:
    assert Fingerprints(USUAL).of(ticker, sha, stale) != Fingerprints(USUAL).of("IBM", SHA, None)


def test_staleness_by_another_exchange_has_another_fingerprint() -> None:
    by = (None, StaleBy(None, None), StaleBy("XLON", "London Stock Exchange"), StaleBy("XTKS", "Tokyo Stock Exchange"))
    assert len({Fingerprints(USUAL).of("IBM", SHA, stale) for stale in by}) == len(by)


def test_a_new_engine_has_new_fingerprints() -> None:
    before = Fingerprints(USUAL).of("IBM", SHA, None)
    assert Fingerprints(USUAL, engine.ENGINE_VERSION).of("IBM", SHA, None) == before
    assert Fingerprints(USUAL, engine.ENGINE_VERSION + "x").of("IBM", SHA, None) != before
