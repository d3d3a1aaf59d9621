"""The metrics that are read from the database at a scrape, at most every `FRESH_SECONDS` and with a time limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from infrastructure.check_runner import CheckTimeout, SharedCall
from infrastructure.health import read_schema_status
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)

FRESH_SECONDS = 2.0
LIMIT_SECONDS = 2.0

ReadMetrics = Callable[[Connection], Iterable[Metric]]


class DatabaseCollector(Collector):
    """Exposes the schema's metrics and those that features read; only `bellwether_database_up 0` while the database is away."""

    def __init__(
        self, database: Database, build: Mapping[str, str], readers: Iterable[ReadMetrics], fresh_seconds: float = FRESH_SECONDS
    ) -> None:
        """`build` has the labels of `bellwether_build_info`. The `readers` are called only when the schema can be served.

        Scrapes within `fresh_seconds` share one reading.
        """
        self._database, self._readers = database, tuple(readers)
        self._labels = {**build, "database": database.dialect}
        self._shared_read = SharedCall("metrics", self._read, fresh_seconds)

    def collect(self) -> Iterator[Metric]:
        """The metrics, at most `fresh_seconds` old."""
        yield self._build_info()
        up = GaugeMetricFamily("bellwether_database_up", "Whether the database answers.")
        try:
            metrics = self._shared_read.value(LIMIT_SECONDS)
        except (SQLAlchemyError, CheckTimeout) as error:
            reason = "it did not answer in time" if isinstance(error, CheckTimeout) else reason_of(error)
            log.warning("metrics without those of the database", reason=reason)
            metrics = None
        up.add_metric([], 0 if metrics is None else 1)
        yield up
        yield from metrics or ()

    def _build_info(self) -> Metric:
        info = GaugeMetricFamily("bellwether_build_info", "What runs here.", labels=list(self._labels))
        info.add_metric(list(self._labels.values()), 1)
        return info

    def _read(self) -> list[Metric]:
        schema_status = read_schema_status(self._database)
        metrics = [
            gauge("bellwether_schema_version", "The newest migration applied.", schema_status.version),
            gauge("bellwether_schema_pending", "Migrations to be applied.", len(schema_status.pending)),
            gauge("bellwether_schema_servable", "Whether this version can serve the schema.", schema_status.can_be_served),
        ]
        if schema_status.can_be_served:
            with self._database.read() as connection:
                for read in self._readers:
                    metrics += read(connection)
        return metrics


def gauge(name: str, text: str, value: float) -> Metric:
    """A gauge without labels."""
    return GaugeMetricFamily(name, text, value=float(value))
