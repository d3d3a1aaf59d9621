"""Refreshing tickers from real servers: what is stored, from whom, and when nothing may change."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from kit.companies import BARS, Company
from kit.databases import Backend
from kit.market import Market, Trading, trading
from kit.price_server import Reply, as_json

import database
from features.prices.circuit import FAILURES, TRIALS
from features.prices.refresh import MustWait, Refresher, RefreshFailed
from features.prices.store import action as action_store
from features.prices.store import fetch as fetch_store
from features.prices.store import series as series_store
from models.api_key import SHARED_ORG
from models.price_series import PackedBars, SeriesHead
from models.provider import ProviderFault, Window
from models.series_fetch import RefreshOutcome, SeriesFetch

DOWN = Reply(b"Bad gateway", 502)
AT = BARS - 15  # a bar that comes after the market's evening


def stored(ticker: str = "ACME") -> tuple[SeriesHead, PackedBars]:
    with database.current().reader() as connection:
        loaded = series_store.load(connection, SHARED_ORG, ticker)
    assert loaded is not None
    return loaded


def fetch_of(ticker: str = "ACME") -> SeriesFetch:
    with database.current().reader() as connection:
        fetch = fetch_store.find(connection, ticker)
    assert fetch is not None
    return fetch


def failures() -> set[str]:
    """The tickers that could not be fetched."""
    return {row["ticker"] for row in database.query_db("SELECT ticker FROM fetch_failures")}


def asked(own: Trading, name: str = "tiingo") -> int:
    return len(own.servers[name].asked)


def test_a_first_fetch_stores_the_whole_history_with_its_footing(backend: Backend) -> None:
    market = Market({"ACME": Company(1, splits=((60, 2.0),), dividends=((100, 0.01),))})
    with trading(market, "tiingo") as own:
        done = own.refresher.refresh("ACME")
    head, packed = stored()
    assert (done.outcome, done.provider, done.bars, done.added) == (RefreshOutcome.NEW, "tiingo", market.evening + 1, market.evening + 1)
    assert packed.column("close").tolist() == pytest.approx(market.export("ACME").column("close").tolist())
    assert (head.name, head.provider, head.adjusted, head.org_id) == ("ACME Inc", "tiingo", True, SHARED_ORG)
    assert len(head.steps) == 1, "volumes as traded are restated for the split"
    with database.current().reader() as connection:
        kinds = {stored.action.kind.value for stored in action_store.list_actions(connection, SHARED_ORG, "ACME")}
    assert kinds == {"split", "dividend"}
    fetch = fetch_of()
    assert (fetch.is_whole, fetch.provisional_day, fetch.replaced_at, fetch.exchange) == (True, None, None, "XNYS")


def test_a_current_ticker_costs_no_call_and_the_next_evening_one(backend: Backend) -> None:
    market = Market({"ACME": Company(2)})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
        before = asked(own)
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.CURRENT
        assert asked(own) == before
        market.evening += 3
        done = own.refresher.refresh("ACME")
        assert (done.outcome, done.added, done.changed, asked(own)) == (RefreshOutcome.EXTENDED, 3, 0, before + 1)
    assert stored()[1] == market.export("ACME") or stored()[1].days() == market.export("ACME").days()
    assert fetch_of().replaced_at is None


def test_force_asks_although_nothing_can_be_newer(backend: Backend) -> None:
    market = Market({"ACME": Company(2)})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
        digest = stored()[0].sha256
        assert own.refresher.refresh("ACME", force=True).outcome is RefreshOutcome.UNCHANGED
    assert stored()[0].sha256 == digest


def test_a_provider_without_the_newest_day_is_asked_again_an_hour_later(backend: Backend) -> None:
    market = Market({"ACME": Company(2)})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
        own.clock.offset = timedelta(days=7)
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.UNCHANGED
        before = asked(own)
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.CURRENT
        assert asked(own) == before
        own.clock.offset += timedelta(minutes=61)
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.UNCHANGED


@pytest.mark.parametrize("company", [Company(3, splits=((AT, 2.0),)), Company(3, dividends=((AT, 0.02),))], ids=["split", "dividend"])
def test_an_action_between_two_fetches_replaces_the_history_as_one(backend: Backend, company: Company) -> None:
    market = Market({"ACME": company})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
        market.evening = AT + 1
        done = own.refresher.refresh("ACME")
    assert done.outcome is RefreshOutcome.REPLACED
    assert "is reported" in (done.reason or "")
    whole = market.export("ACME")
    assert stored()[1].column("adj_close").tolist() == pytest.approx(whole.column("adj_close").tolist())
    assert fetch_of().replaced_at == market.moment


def test_an_unfinished_bar_is_provisional_and_its_end_supersedes_nothing(backend: Backend) -> None:
    market = Market({"ACME": Company(4)})
    with trading(market, "tiingo") as own:
        own.clock.offset = timedelta(hours=-29, minutes=-30)  # 18:00 UTC of the day: New York trades
        done = own.refresher.refresh("ACME")
        assert (done.provisional, fetch_of().provisional_day) == (True, market.day)
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.CURRENT, "no final day is missing"
        own.clock.offset = timedelta(0)
        finished = market.companies["ACME"] = Company(4)
        assert finished
        done = own.refresher.refresh("ACME")
    assert (done.provisional, fetch_of().provisional_day, fetch_of().replaced_at) == (False, None, None)


def test_the_next_provider_takes_over_and_keeps_the_ticker(backend: Backend) -> None:
    market = Market({"ACME": Company(5)})
    with trading(market, "tiingo", "twelvedata") as own:
        own.servers["tiingo"].answer = lambda asked: DOWN
        assert own.refresher.refresh("ACME").provider == "twelvedata"
        own.servers["tiingo"].answer = market.tiingo
        market.evening += 1
        assert own.refresher.refresh("ACME").provider == "twelvedata"
        own.servers["twelvedata"].answer = lambda asked: DOWN
        market.evening += 1
        done = own.refresher.refresh("ACME")
    assert (done.provider, done.outcome) == ("tiingo", RefreshOutcome.REPLACED)
    assert done.reason == "the stored prices are of twelvedata"


def test_a_ticker_that_nobody_serves_keeps_its_prices_and_the_reason_is_noted(backend: Backend) -> None:
    market = Market({"ACME": Company(6)})
    with trading(market, "tiingo", "csv_url") as own:
        own.refresher.refresh("ACME")
        before = stored()
        for server in own.servers.values():
            server.answer = lambda asked: DOWN
        market.evening += 2
        with pytest.raises(RefreshFailed, match=r"Tiingo has a fault.*file server") as failed:
            own.refresher.refresh("ACME")
        with pytest.raises(RefreshFailed) as unknown:
            own.refresher.refresh("NONE")
    assert (failed.value.code, unknown.value.code) == ("prices_unavailable", "prices_unavailable")
    assert stored() == before
    with database.transaction() as connection:
        assert set(fetch_store.find_failures(connection, ["ACME", "NONE", "OTHER"])) == {"ACME", "NONE"}


def test_a_ticker_that_nobody_knows_is_not_found(backend: Backend) -> None:
    with trading(Market({}), "tiingo", "twelvedata") as own, pytest.raises(RefreshFailed) as unknown:
        own.refresher.refresh("NONE")
    assert unknown.value.code == "ticker_not_found"


def test_the_breaker_holds_in_every_process_and_one_trial_ends_it(backend: Backend) -> None:
    market = Market({f"T{number}": Company(number) for number in range(9)})
    with trading(market, "tiingo") as own:
        own.servers["tiingo"].answer = lambda asked: DOWN
        for number in range(4):
            with pytest.raises(RefreshFailed):
                own.refresher.refresh(f"T{number}")
        with pytest.raises(MustWait, match="Tiingo has a fault"):
            own.refresher.refresh("T4")
        before = asked(own)
        other = Refresher(database.current(), own.configured, own.clock)
        with pytest.raises(MustWait, match="5 times in a row") as caught:
            other.refresh("T5")
        assert (caught.value.later.seconds, asked(own)) == (60, before)
        own.clock.offset = timedelta(seconds=61)
        with pytest.raises(MustWait, match="Tiingo has a fault"):
            other.refresh("T5")
        with pytest.raises(MustWait, match="in a row"):
            other.refresh("T6")
        own.servers["tiingo"].answer = market.tiingo
        own.clock.offset = timedelta(seconds=130)
        assert other.refresh("T7").outcome is RefreshOutcome.NEW
        assert own.refresher.refresh("T8").outcome is RefreshOutcome.NEW
        assert own.configured[0].circuit.state().last_fault == ProviderFault.UNREACHABLE
        assert failures() == {"T0", "T1", "T2", "T3"}


def test_after_an_hour_of_failed_trials_nobody_waits_for_a_provider(backend: Backend) -> None:
    market = Market({"ACME": Company(1)})
    with trading(market, "tiingo") as own:
        own.servers["tiingo"].answer = lambda asked: DOWN
        for _ in range(FAILURES + TRIALS - 1):
            own.clock.offset += timedelta(seconds=61)
            with pytest.raises((RefreshFailed, MustWait)):
                own.refresher.refresh("ACME")
        own.clock.offset += timedelta(seconds=61)
        for told in ("Tiingo has a fault", f"{FAILURES + TRIALS} times in a row"):
            with pytest.raises(RefreshFailed, match=told):
                own.refresher.refresh("ACME")


def test_a_provider_that_is_left_alone_is_not_waited_for_where_another_answers(backend: Backend) -> None:
    market = Market({f"T{number}": Company(number) for number in range(6)})
    with trading(market, "tiingo", "twelvedata") as own:
        own.servers["tiingo"].answer = lambda asked: DOWN
        providers = [own.refresher.refresh(ticker).provider for ticker in market.companies]
    assert providers == ["twelvedata"] * 6


def test_answers_that_are_no_data_are_the_fault_of_their_tickers(backend: Backend) -> None:
    market = Market({f"T{number}": Company(number) for number in range(6)})
    with trading(market, "tiingo") as own:
        own.servers["tiingo"].answer = lambda asked: Reply(b"<html>", 200)
        for number in range(5):
            with pytest.raises(RefreshFailed):
                own.refresher.refresh(f"T{number}")
        with pytest.raises(MustWait):
            own.refresher.refresh("T5")


def test_a_ticker_waits_for_its_own_provider_and_a_new_one_takes_another(backend: Backend) -> None:
    market = Market({"ACME": Company(7), "NEW": Company(8)})
    with trading(market, "tiingo", "csv_url", calls={Window.HOUR: 2}) as own:
        own.refresher.refresh("ACME")  # takes both calls of Tiingo
        market.evening += 1
        own.clock.offset = timedelta(hours=-24)
        with pytest.raises(MustWait) as waits:
            own.refresher.refresh("ACME", force=True)
        assert 3_500 < waits.value.later.seconds <= 3_601
        assert own.refresher.refresh("NEW").provider == "csv_url"


def test_a_refusal_for_want_of_calls_closes_the_window(backend: Backend) -> None:
    market = Market({"ACME": Company(7)})
    spent = as_json({"detail": "Error: You have run over your hourly request allocation."}, 429)
    with trading(market, "tiingo", answers={"tiingo": lambda asked: spent}) as own:
        with pytest.raises(MustWait) as waits:
            own.refresher.refresh("ACME")
        assert 0 < waits.value.later.seconds <= 3_600
        before = asked(own)
        with pytest.raises(MustWait):
            own.refresher.refresh("ACME")
        assert asked(own) == before


def test_a_history_that_has_lost_most_days_replaces_nothing(backend: Backend) -> None:
    market = Market({"ACME": Company(3, splits=((AT, 2.0),))})
    with trading(market, "csv_url") as own:
        own.refresher.refresh("ACME")
        before = stored()
        market.evening = AT + 1
        short = market.bars("ACME", market.day - timedelta(days=40))
        lines = [f"{bar.day},{bar.open},{bar.high},{bar.low},{bar.close},{bar.adj_close},{bar.volume}" for bar in short]
        file = "\n".join(["Date,Open,High,Low,Close,Adj Close,Volume", *lines]).encode()
        own.servers["csv_url"].answer = lambda asked: Reply(file, headers={"Content-Type": "text/csv"})
        with pytest.raises(RefreshFailed, match="bars of ACME, and"):
            own.refresher.refresh("ACME")
    assert stored() == before


def test_several_at_once_leave_one_whole_series(backend: Backend) -> None:
    market = Market({"ACME": Company(9)})
    with trading(market, "tiingo") as own:
        outcomes = []
        threads = [threading.Thread(target=lambda: outcomes.append(own.refresher.refresh("ACME").outcome)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes.count(RefreshOutcome.NEW) == 1
    assert set(outcomes) <= {RefreshOutcome.NEW, RefreshOutcome.CURRENT}
    assert len(stored()[1]) == market.evening + 1
