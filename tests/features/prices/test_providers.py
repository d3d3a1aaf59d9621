"""What providers document is read: bars, bases, actions, listings, and whether the newest bar is final."""

from __future__ import annotations

import json
from datetime import date

import pytest
from kit.price_server import as_json
from kit.providers import BARS, KEY, MOMENT, WELL, Ask, tiingo, tiingo_row, twelve, twelve_body, twelve_rows

from features.prices.providers.answers import is_final
from models.corporate_action import ActionKind
from models.footing import Basis
from models.provider import ProviderError, ProviderFault

EACH = pytest.mark.parametrize("kind", WELL)


@EACH
def test_the_whole_history_is_read(ask: Ask, kind: str) -> None:
    asking = ask(kind, WELL[kind])
    fetched = asking.provider.fetch("AAPL", None)
    assert fetched.packed.days() == [bar.day for bar in BARS]
    for name in ("open", "high", "low", "close", "adj_close", "volume"):
        assert fetched.packed.column(name).tolist() == pytest.approx([getattr(bar, name) for bar in BARS], rel=1e-12), name
    assert (fetched.adjusted, is_final("AAPL", fetched, None, MOMENT), fetched.dropped) == (True, True, 0)
    assert len(asking.server.asked) == asking.meter.calls == asking.provider.cost(None)
    assert len({asked.connection for asked in asking.server.asked}) == 1


@EACH
def test_only_what_is_missing_is_asked_for(ask: Ask, kind: str) -> None:
    asking = ask(kind, WELL[kind])
    fetched = asking.provider.fetch("AAPL", date(2005, 3, 24))
    assert fetched.packed.days() == [bar.day for bar in BARS if bar.day >= date(2005, 3, 24)]
    assert len(asking.server.asked) == asking.meter.calls == asking.provider.cost(date(2005, 3, 24))


@pytest.mark.parametrize("kind", ["tiingo", "twelvedata"])
def test_nothing_newer_is_no_fault(ask: Ask, kind: str) -> None:
    assert len(ask(kind, WELL[kind]).provider.fetch("AAPL", date(2005, 4, 1)).packed) == 0


def test_tiingo_tells_basis_actions_and_listing(ask: Ask) -> None:
    fetched = ask("tiingo", tiingo).provider.fetch("AAPL", None)
    assert fetched.bases == (Basis.AS_TRADED, Basis.AS_TRADED)
    split, dividend = fetched.actions
    assert (split.effective_day, split.kind, split.numerator, split.denominator) == (date(2005, 2, 28), ActionKind.SPLIT, 2, 1)
    assert (dividend.effective_day, dividend.kind, dividend.amount) == (date(2005, 3, 15), ActionKind.DIVIDEND, 0.12)
    listing = fetched.listing
    assert listing is not None
    assert (listing.name, listing.exchange, listing.currency) == ("Apple Inc", "XNAS", "USD")


def test_twelve_data_tells_basis_and_listing(ask: Ask) -> None:
    fetched = ask("twelvedata", twelve).provider.fetch("AAPL", None)
    assert (fetched.bases, fetched.currency, fetched.time_zone) == ((Basis.AS_TRADED, Basis.AS_TRADED), "USD", "America/New_York")
    assert fetched.listing is not None
    assert fetched.listing.kind == "common stock"


def test_keys_go_in_a_header_and_nowhere_else(ask: Ask) -> None:
    for kind, header in (("tiingo", f"Token {KEY}"), ("twelvedata", f"apikey {KEY}")):
        asking = ask(kind, WELL[kind])
        asking.provider.fetch("AAPL", None)
        for asked in asking.server.asked:
            assert asked.headers["authorization"] == header
            assert KEY not in json.dumps([asked.path, asked.query])


@pytest.mark.parametrize("kind", ["tiingo", "twelvedata"])
def test_a_key_that_a_provider_repeats_is_in_no_message(ask: Ask, kind: str) -> None:
    refusal = as_json({"detail": f"Invalid token {KEY}.", "code": 401, "message": f"key {KEY} is wrong", "status": "error"}, 401)
    with pytest.raises(ProviderError) as caught:
        ask(kind, refusal).provider.fetch("AAPL", None)
    assert caught.value.fault is ProviderFault.KEY_REFUSED
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(("ticker", "path"), [("BRK.B", "/tiingo/daily/BRK-B/prices"), ("AAPL", "/tiingo/daily/AAPL/prices")])
def test_tiingo_writes_classes_of_shares_with_a_hyphen(ask: Ask, ticker: str, path: str) -> None:
    asking = ask("tiingo", lambda asked: as_json([tiingo_row(bar) for bar in BARS]))
    asking.provider.fetch(ticker, date(2005, 2, 1))
    assert asking.server.asked[0].path == path


def test_tiingo_is_not_asked_for_other_exchanges(ask: Ask) -> None:
    asking = ask("tiingo", tiingo)
    with pytest.raises(ProviderError) as caught:
        asking.provider.fetch("SAP.DE", None)
    assert caught.value.fault is ProviderFault.UNKNOWN_TICKER
    assert (asking.server.asked, asking.meter.calls) == ([], 0)


def test_twelve_data_names_the_exchange_of_a_suffix(ask: Ask) -> None:
    asking = ask("twelvedata", lambda asked: as_json(twelve_body(twelve_rows(asked), "RR")))
    asking.provider.fetch("RR.L", None)
    assert {(asked.query["symbol"], asked.query["mic_code"]) for asked in asking.server.asked} == {("RR", "XLON")}
