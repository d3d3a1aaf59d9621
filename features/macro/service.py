"""Macroeconomic series and the regime: the interface for routes and other features."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import Connection

from features.macro.known import Known
from features.macro.reading import ReadSeries, read_series
from features.macro.regime import INDEX, INPUTS, regime_of
from features.macro.store import fetch as fetch_store
from features.macro.store import series as series_store
from features.prices import service as prices
from models.errors import TickerNotFound
from models.macro import MacroFetch, MacroSeries, Regime
from models.macro_errors import MacroSeriesNotFound, SharedSeriesStays
from models.observations import Observations
from utils.clock import now

UPLOAD = "upload"
CSV_HEADER = b"DATE,VALUE\n"
CLOSES_READ = 400  # of an index


def list_series(connection: Connection, org_id: int) -> list[MacroSeries]:
    """All series without their values, by name."""
    return series_store.list_series(connection, org_id)


def list_fetches(connection: Connection) -> dict[str, MacroFetch]:
    """The last attempts to fetch shared series, by series."""
    return fetch_store.list_fetches(connection)


def find_own(connection: Connection, org_id: int, series: str) -> MacroSeries | None:
    """An organization's own series, without its values."""
    found = series_store.find(connection, org_id, [series]).get(series)
    return found[0] if found is not None and found[0].own else None


def find_series(connection: Connection, org_id: int, series: str) -> tuple[MacroSeries, Observations]:
    """A series with its values. Raises MacroSeriesNotFound."""
    found = series_store.find(connection, org_id, [series]).get(series)
    if found is None:
        raise MacroSeriesNotFound(series)
    return found


def upload(connection: Connection, org_id: int, head: tuple[str, str | None, str], body: bytes) -> MacroSeries:
    """Store a file in place of the organization's series; `head` is its name, its title and who sends it. Raises PriceQuality."""
    series, title, changed_by = head
    read = read_series(body, series)
    return save(connection, org_id, head_of(series, title, UPLOAD, read, now(), changed_by), read)


def save(connection: Connection, org_id: int, head: MacroSeries, read: ReadSeries) -> MacroSeries:
    """Store a series, and return it as it is stored."""
    series_store.save(connection, org_id, head, read.observations)
    return series_store.find(connection, org_id, [head.series])[head.series][0]


def head_of(series: str, title: str | None, source: str, read: ReadSeries, moment: datetime, changed_by: str | None = None) -> MacroSeries:  # noqa: PLR0913
    """A series without its values."""
    days, values = read.observations.days(), read.observations.values()
    return MacroSeries(series, title, source, source == UPLOAD, len(days), read.missing, days[0], days[-1], values[-1], moment, changed_by)


def delete(connection: Connection, org_id: int, series: str) -> None:
    """Delete an organization's own series; a shared one of its name shows again. Raises MacroSeriesNotFound or SharedSeriesStays."""
    if series_store.delete(connection, org_id, series):
        return
    find_series(connection, org_id, series)
    raise SharedSeriesStays(series)


def csv_of(observations: Observations) -> Iterator[bytes]:
    """The values as a file that can be uploaded again."""
    yield CSV_HEADER
    yield "".join(f"{day},{value!r}\n" for day, value in zip(observations.days(), observations.values(), strict=True)).encode()


def regime(connection: Connection, org_id: int, index: str | None, today: date) -> Regime:
    """The regime on a day by what is stored. `index` is a ticker whose prices, adjusted, stand in place of the series SP500.

    Raises TickerNotFound or PricesDamaged.
    """
    known = {name: _known(*found) for name, found in series_store.find(connection, org_id, INPUTS).items()}
    if index is None:
        return regime_of(known, INDEX, today)
    loaded = prices.load(connection, org_id, index)
    if loaded is None:
        raise TickerNotFound(index)
    bars = prices.sound_bars(*loaded)
    bars = bars.until(bars.rows_within(None, today).stop).newest(CLOSES_READ)
    name = f"prices of {index}"
    return regime_of({**known, name: Known(index, loaded[0].provider, bars.days.tolist(), bars.close.tolist())}, name, today)


def _known(head: MacroSeries, observations: Observations) -> Known:
    return Known(head.series, head.source, observations.days(), observations.values())
