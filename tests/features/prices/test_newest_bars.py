"""A series that is topped up: its row is written anew every few weeks, and whoever reads it finds all bars."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from kit.companies import BARS, Company
from kit.databases import Backend
from kit.market import Market, Trading, trading
from kit.old_schema import migrate_to, store_sample
from sqlalchemy import text

import database
import db_migrations
from features.prices.store import series as series_store
from features.prices.store.tail import MOST_NEWEST
from models.api_key import FIRST_ORG, SHARED_ORG
from models.price_series import BYTES_PER_BAR, PackedBars, SeriesHead, digest_of
from models.series_fetch import RefreshOutcome

LAST_BEFORE = 24
AT = BARS - 10


@dataclass
class Restating(Market):
    """A market that delivers some bars with another volume."""

    restated: set[int] = field(default_factory=set)

    def export(self, ticker: str) -> PackedBars:
        bars = enumerate(super().export(ticker))
        return PackedBars.pack([replace(bar, volume=bar.volume + 1) if at in self.restated else bar for at, bar in bars])


def rows_and_tails() -> tuple[int, int]:
    """How many bars the series' row and its tail have."""
    (row,) = database.query_db("SELECT length(data) AS bytes FROM price_series WHERE ticker = 'ACME'")
    tails = database.query_db("SELECT length(data) AS bytes FROM series_tails WHERE ticker = 'ACME'")
    return row["bytes"] // BYTES_PER_BAR, tails[0]["bytes"] // BYTES_PER_BAR if tails else 0


def read_in_every_way() -> tuple[SeriesHead, PackedBars]:
    """The series, which is the same by each way of reading it."""
    found: list[tuple[SeriesHead, PackedBars]] = []
    with database.current().reader() as reader:
        series_store.load_each(reader, FIRST_ORG, ["ACME"], lambda head, packed: found.append((head, packed)))
        single = series_store.load(reader, FIRST_ORG, "ACME")
    with database.read() as connection:
        assert single == found[0] == series_store.load(connection, FIRST_ORG, "ACME")
        assert series_store.find_head(connection, FIRST_ORG, "ACME") == found[0][0]
    return found[0]


def refresh(own: Trading, market: Market, evenings: int = 1) -> RefreshOutcome:
    market.evening += evenings
    return own.refresher.refresh("ACME").outcome


def check(market: Market) -> None:
    head, packed = read_in_every_way()
    expected = market.export("ACME")
    assert packed.days() == expected.days()
    assert packed.column("close").tolist() == pytest.approx(expected.column("close").tolist())
    assert (head.bars, head.first_day, head.last_day) == (len(packed), packed.first_day(), packed.last_day())
    assert head.sha256 == digest_of(packed, head.steps)


def test_a_new_bar_is_kept_beside_the_row_until_there_are_many(backend: Backend) -> None:
    market = Market({"ACME": Company(1)})
    market.evening -= 2 * MOST_NEWEST
    with trading(market, "tiingo") as own:
        refresh(own, market)
        whole = rows_and_tails()[0]
        assert rows_and_tails() == (market.evening + 1, 0)
        for bars in range(1, MOST_NEWEST + 1):
            assert refresh(own, market) is RefreshOutcome.EXTENDED
            assert rows_and_tails() == (whole, bars)
        check(market)
        refresh(own, market)
        assert rows_and_tails() == (whole + MOST_NEWEST + 1, 0)
        check(market)
        refresh(own, market)
        assert rows_and_tails() == (whole + MOST_NEWEST + 1, 1)
        check(market)


def test_a_bar_that_is_delivered_otherwise_moves_out_of_the_row(backend: Backend) -> None:
    """As the bar of an unfinished day, which the row has, and then the tail."""
    market = Restating({"ACME": Company(1)})
    with trading(market, "tiingo") as own:
        refresh(own, market)
        whole = rows_and_tails()[0]
        for at in (market.evening, market.evening - 1, market.evening - 3):
            market.restated.add(at)
            assert refresh(own, market) is RefreshOutcome.EXTENDED
            check(market)
        assert rows_and_tails() == (whole, 7), "four bars that the row has, too, and three new ones"


def test_a_history_that_is_replaced_leaves_no_tail(backend: Backend) -> None:
    market = Market({"ACME": Company(3, splits=((AT, 2.0),))})
    with trading(market, "tiingo") as own:
        refresh(own, market)
        refresh(own, market)
        assert rows_and_tails()[1] == 1
        market.evening = AT
        assert refresh(own, market) is RefreshOutcome.REPLACED
        assert rows_and_tails() == (market.evening + 1, 0)
        refresh(own, market)
        check(market)
    with database.transaction() as connection:
        series_store.delete(connection, SHARED_ORG, "ACME")
        assert connection.execute(text("SELECT count(*) FROM series_tails")).scalar_one() == 0


def test_an_older_database_has_no_tails(empty_backend: Backend, tmp_path: Path) -> None:
    migrate_to(LAST_BEFORE, tmp_path)
    stored = store_sample()
    assert db_migrations.up()[0].label == "0025_series_tails_breaking"
    with database.read() as connection:
        for ticker, packed in stored.items():
            loaded = series_store.load(connection, FIRST_ORG, ticker)
            assert loaded is not None
            assert loaded[1] == packed
