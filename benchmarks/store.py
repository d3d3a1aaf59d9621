"""Loads a ticker's whole history: packed into one row, as in the service, and from one row per bar."""

from __future__ import annotations

import database
from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, milliseconds, times
from benchmarks.servers import Servers

TITLE = "Store"
NOTE = (
    "AAPL, 3,270 bars, from the database to adjusted arrays, each with a checkout from the pool. The peer reads the same bars from a table "
    "with one row a bar. The median call of a round of 0.1 s, the best of 40 rounds taken in turns."
)
ROUNDS = 40
SECONDS = 0.1  # per round
LIMITS = {"SQLite": 0.001, "Postgres": 0.0015}  # seconds
TICKER = "AAPL"
COLUMNS = ("open", "high", "low", "close", "adj_close", "volume")


def measure(servers: Servers) -> list[Row]:
    """The table's rows, SQLite first."""
    urls = [servers.database_url(engine, f"store-{engine}") for engine in LIMITS]
    with Meter(__name__, "loaders", "SQLite", urls[0]) as sqlite, Meter(__name__, "loaders", "Postgres", urls[1]) as postgres:
        meters = {"SQLite": sqlite, "Postgres": postgres}
        best = best_of(
            ROUNDS, [(meter, f"{engine}-{layout}", SECONDS) for engine, meter in meters.items() for layout in ("packed", "rows")]
        )
    rows = []
    for engine, limit in LIMITS.items():
        packed, one_by_one = best[f"{engine}-packed"], best[f"{engine}-rows"]
        what = f"load and adjust a series from {engine}"
        ratio = f"{times(one_by_one / packed)} faster"
        rows.append(Row(what, milliseconds(packed), milliseconds(one_by_one), ratio, f"≤ {1000 * limit:g} ms", packed <= limit))
    return rows


def loaders(engine: str, url: str) -> Contenders:
    """Fill a new database with the bundled prices, packed and row by row; return the functions that load them."""
    import numpy as np
    from sqlalchemy import text

    import db_migrations
    from analysis.bars import Bars, adjusted_bars
    from features.prices.providers.sample import SampleProvider
    from features.prices.sample import load_if_empty
    from features.prices.store import series as series_store
    from models.api_key import FIRST_ORG
    from utils.logger import configure_logging

    configure_logging("warning", as_json=True)
    database.configure(database.DatabaseOptions(url=url))
    db_migrations.ensure_schema(True)
    load_if_empty(database.current(), SampleProvider())
    create = (
        f"CREATE TABLE price_bars (ticker TEXT NOT NULL, day DATE NOT NULL, "
        f"{', '.join(f'{name} DOUBLE PRECISION NOT NULL' for name in COLUMNS)}, PRIMARY KEY (ticker, day))"
    )
    insert = text(f"INSERT INTO price_bars VALUES (:ticker, :day, {', '.join(f':{name}' for name in COLUMNS)})")
    select = text(f"SELECT day, {', '.join(COLUMNS)} FROM price_bars WHERE ticker = :ticker ORDER BY day")
    with database.transaction() as connection:
        connection.execute(text(create))
        for series in SampleProvider().series():
            connection.execute(insert, [{"ticker": series.ticker, **vars(bar)} for bar in series.bars])

    def packed() -> Bars:
        with database.reader() as connection:
            loaded = series_store.load(connection, FIRST_ORG, TICKER)
        assert loaded is not None
        head, bars = loaded
        return adjusted_bars(bars, head.adjusted)

    def row_by_row() -> Bars:
        with database.reader() as connection:
            dates, *columns = zip(*connection.execute(select, {"ticker": TICKER}), strict=True)
        opens, highs, lows, closes, adj_closes, volumes = (np.array(column, dtype=np.float64) for column in columns)
        factor = adj_closes / closes
        factor /= factor[-1]
        days = np.array(dates, dtype="datetime64[D]")
        return Bars(days, opens * factor, highs * factor, lows * factor, closes * factor, volumes)

    assert np.array_equal(packed().close, row_by_row().close)
    return {f"{engine}-packed": packed, f"{engine}-rows": row_by_row}
