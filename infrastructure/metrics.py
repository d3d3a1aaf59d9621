"""The metrics of the web processes, for Prometheus. docs/metrics.md lists them all.

Under gunicorn each worker has a slot, and the metrics files belong to the slot, not to the process: the next worker in a slot
continues its counts. So the number of files stays the number of slots, however often workers are replaced.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from database import PoolStatus

log = structlog.get_logger(__name__)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
POOL_SECONDS = 1.0  # between two readings of the pool
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PoolOwner(Protocol):
    """An object with a connection pool: a Database."""

    def status(self) -> PoolStatus:
        """The pool's size, use and counters."""


class Metrics:
    """The interface of metrics. These do nothing: for METRICS_ENABLED=false."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is the URL rule, not the path."""

    def pool(self, owner: PoolOwner) -> None:
        """Record the state of a connection pool, at most once a second."""

    def lookup(self, region: str, outcome: str) -> None:
        """Count a cache look-up: `hit`, `miss`, or `shared` when a concurrent request computed the value."""

    def limited(self, budget: str) -> None:
        """Count a request that was refused because it exceeds its budget."""

    def add_budget(self, budget: str) -> None:
        """Add a budget with no refused request, so that alerts see the first one."""

    def counting_in_memory(self, is_local: bool) -> None:
        """Record whether this process counts requests in its own memory because Redis is away."""

    def streams(self, change: int) -> None:
        """Count a live stream that opened (1) or closed (-1)."""

    def add_breaker(self, name: str) -> None:
        """Add a circuit breaker, closed, with zero counts."""

    def breaker_changed(self, name: str, is_open: bool) -> None:
        """Record that a circuit breaker opened or closed."""

    def breaker_refused(self, name: str) -> None:
        """Count a call that a circuit breaker refused."""

    def failed(self) -> None:
        """Count that one of the methods above raised."""

    def exposition(self, collectors: Iterable[Collector]) -> bytes:
        """The metrics of every process of this instance and of `collectors`, in the text format of Prometheus."""
        return _text(CollectorRegistry(), collectors)


class PrometheusMetrics(Metrics):
    """Counts with the Prometheus client: in this process, or in the files of a folder that several share (`use_slot`)."""

    def __init__(self, pool_seconds: float = POOL_SECONDS) -> None:
        """Create the metrics; instances share counts only in a shared folder. `pool_seconds` pass between two readings of the pool."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        self._registry = registry
        request = ("method", "route", "status")
        self._requests = Counter("http_requests", "Answered requests.", request, registry=registry)
        self._seconds = Histogram("http_request_duration_seconds", "Time to answer.", request, registry=registry, buckets=BUCKETS)
        self._pool = _gauge(registry, "bellwether_db_pool_connections", "Connections in use and idle, and the most allowed.", "state")
        self._pool_events = Counter("bellwether_db_pool_events", "What happened to connections.", ("event",), registry=registry)
        self._lookups = Counter("bellwether_cache_lookups", "Look-ups in the cache.", ("region", "outcome"), registry=registry)
        self._limited = Counter("bellwether_rate_limited", "Requests refused for their budget.", ("budget",), registry=registry)
        self._in_memory = _gauge(registry, "bellwether_rate_limit_in_memory", "Processes that count requests on their own.")
        self._streams = _gauge(registry, "bellwether_streams_open", "Live streams.")
        self._breaker_open = _gauge(registry, "bellwether_breaker_open", "Processes in which the circuit breaker is open.", "name")
        self._breaker_opened = Counter("bellwether_breaker_opened", "Times that a circuit breaker opened.", ("name",), registry=registry)
        self._breaker_refused = Counter("bellwether_breaker_refused", "Calls that a circuit breaker refused.", ("name",), registry=registry)
        self._failures = Counter("bellwether_metrics_failures", "Events that could not be counted.", registry=registry)
        # prometheus_client takes longer to find a child by its labels than to count.
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._lookup_children: dict[tuple[str, str], Any] = {}
        self._pool_seconds, self._pool_due_at, self._pool_lock = pool_seconds, 0.0, threading.Lock()
        # By pool, because each pool counts its events from 0.
        self._pool_seen: weakref.WeakKeyDictionary[PoolOwner, dict[str, int]] = weakref.WeakKeyDictionary()
        self._is_in_memory = False
        self._reset_gauges()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        labels = (method, route, status)
        children = self._children.get(labels)
        if children is None:
            names = (method, route, str(status))
            children = self._children[labels] = (self._requests.labels(*names), self._seconds.labels(*names))
        children[0].inc()
        children[1].observe(seconds)

    def pool(self, owner: PoolOwner) -> None:
        """Record the state of a pool, unless `pool_seconds` have not passed since the last reading."""
        now = time.monotonic()
        if now < self._pool_due_at or not self._pool_lock.acquire(blocking=False):
            return
        try:
            self._pool_due_at = now + self._pool_seconds
            status = owner.status()
            for state, connections in (("in_use", status.in_use), ("idle", status.idle), ("limit", status.limit)):
                self._pool.labels(state).set(connections)
            seen = self._pool_seen.get(owner, {})
            for event, count in status.events.items():
                self._pool_events.labels(event).inc(count - seen.get(event, 0))
            self._pool_seen[owner] = status.events
        finally:
            self._pool_lock.release()

    def lookup(self, region: str, outcome: str) -> None:
        """Count a cache look-up."""
        child = self._lookup_children.get((region, outcome))
        if child is None:
            child = self._lookup_children[region, outcome] = self._lookups.labels(region, outcome)
        child.inc()

    def limited(self, budget: str) -> None:
        """Count a refused request."""
        self._limited.labels(budget).inc()

    def add_budget(self, budget: str) -> None:
        """Add a budget with a count of zero."""
        self._limited.labels(budget).inc(0)

    def counting_in_memory(self, is_local: bool) -> None:
        """Record whether this process counts requests in its own memory."""
        if is_local is not self._is_in_memory:
            self._is_in_memory = is_local
            self._in_memory.set(is_local)

    def streams(self, change: int) -> None:
        """Count live streams."""
        self._streams.inc(change)

    def add_breaker(self, name: str) -> None:
        """Add a breaker, closed, with zero counts."""
        self._breaker_open.labels(name).set(0)
        self._breaker_opened.labels(name).inc(0)
        self._breaker_refused.labels(name).inc(0)

    def breaker_changed(self, name: str, is_open: bool) -> None:
        """Set the breaker's state, and count it when it opened."""
        self._breaker_open.labels(name).set(is_open)
        if is_open:
            self._breaker_opened.labels(name).inc()

    def breaker_refused(self, name: str) -> None:
        """Count a refusal."""
        self._breaker_refused.labels(name).inc()

    def failed(self) -> None:
        """Count an event that could not be counted."""
        self._failures.inc()

    def exposition(self, collectors: Iterable[Collector]) -> bytes:
        """The metrics of every process, in the text format of Prometheus."""
        if FOLDER_VARIABLE not in os.environ:
            return _text(self._registry, collectors)
        all_processes = CollectorRegistry()
        MultiProcessCollector(all_processes)  # type: ignore[no-untyped-call]
        return _text(all_processes, collectors)

    def _reset_gauges(self) -> None:
        """Reset gauges that the slot's last process left."""
        for gauge in (self._in_memory, self._streams):
            gauge.set(0)


class SafeMetrics(Metrics):
    """Wraps other metrics so that they cannot fail a request: their exceptions are logged and counted.

    Only `exposition` raises: Prometheus must see a failed scrape, not an empty one.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._try(self._metrics.request, method, route, status, seconds)

    def pool(self, owner: PoolOwner) -> None:
        """Record the state of a pool, at most once a second."""
        self._try(self._metrics.pool, owner)

    def lookup(self, region: str, outcome: str) -> None:
        """Count a cache look-up."""
        self._try(self._metrics.lookup, region, outcome)

    def limited(self, budget: str) -> None:
        """Count a refused request."""
        self._try(self._metrics.limited, budget)

    def add_budget(self, budget: str) -> None:
        """Add a budget."""
        self._try(self._metrics.add_budget, budget)

    def counting_in_memory(self, is_local: bool) -> None:
        """Record whether this process counts requests in its own memory."""
        self._try(self._metrics.counting_in_memory, is_local)

    def streams(self, change: int) -> None:
        """Count live streams."""
        self._try(self._metrics.streams, change)

    def add_breaker(self, name: str) -> None:
        """Add a circuit breaker."""
        self._try(self._metrics.add_breaker, name)

    def breaker_changed(self, name: str, is_open: bool) -> None:
        """Record that a circuit breaker opened or closed."""
        self._try(self._metrics.breaker_changed, name, is_open)

    def breaker_refused(self, name: str) -> None:
        """Count a call that a circuit breaker refused."""
        self._try(self._metrics.breaker_refused, name)

    def exposition(self, collectors: Iterable[Collector]) -> bytes:
        """The exposition of the wrapped metrics."""
        return self._metrics.exposition(collectors)

    def _try(self, count: Callable[..., None], *values: object) -> None:
        try:
            count(*values)
        except Exception:
            log.exception("not counted", method=count.__name__)
            with suppress(Exception):  # most likely the fault that was just logged
                self._metrics.failed()


def use_slot(folder: Path, slot: int) -> None:
    """Let the metrics of this process count in the files of `slot` in `folder`. Call it before any metric is created."""
    os.environ[FOLDER_VARIABLE] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


def _gauge(registry: CollectorRegistry, name: str, text: str, *labels: str) -> Gauge:
    """A gauge whose value is the sum over the live processes."""
    return Gauge(name, text, labels, registry=registry, multiprocess_mode="livesum")


def _text(registry: CollectorRegistry, collectors: Iterable[Collector]) -> bytes:
    # One registry per call, because a registry refuses a collector that a concurrent call has registered.
    extra = CollectorRegistry()
    for collector in collectors:
        extra.register(collector)
    return generate_latest(registry) + generate_latest(extra)
