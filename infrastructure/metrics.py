"""What the web processes count, for Prometheus. docs/metrics.md lists everything.

Under gunicorn each worker has a slot, and the files in which it counts belong to the slot, not to the process: whoever takes the slot next
goes on counting in them. So there are as many files as slots, however often workers are replaced.
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

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # the library's own
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
POOL_SECONDS = 1.0  # the pool is looked at no more often
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PoolOwner(Protocol):
    """What has a connection pool: a Database."""

    def status(self) -> PoolStatus:
        """The pool's size, use and counters."""


class Metrics:
    """Counts nothing: for METRICS_ENABLED=false, and what PrometheusMetrics counts."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is the rule, not the path."""

    def pool(self, owner: PoolOwner) -> None:
        """Look at a connection pool, now and then."""

    def lookup(self, region: str, outcome: str) -> None:
        """Count a look-up in the cache: a `hit`, a `miss`, or `shared` with another request that was at it."""

    def limited(self, budget: str) -> None:
        """Count a request that was refused for its budget."""

    def counting_in_memory(self, is_so: bool) -> None:
        """Note whether this process counts requests on its own, Redis being away."""

    def streams(self, change: int) -> None:
        """Count a live stream that opened (1) or closed (-1)."""

    def breaker_made(self, name: str) -> None:
        """Show a circuit breaker that has not moved yet."""

    def breaker_moved(self, name: str, is_open: bool) -> None:
        """A circuit breaker opened or closed."""

    def breaker_refused(self, name: str) -> None:
        """A circuit breaker refused a call."""

    def failed(self) -> None:
        """Count that one of the methods above raised."""

    def exposition(self, more: Iterable[Collector]) -> bytes:
        """Everything counted by every process of this instance, and what `more` adds, as Prometheus reads it."""
        return _text(CollectorRegistry(), more)


class PrometheusMetrics(Metrics):
    """Counts with the Prometheus client: in this process, or in the files of a folder that several share (`use_slot`)."""

    def __init__(self, pool_seconds: float = POOL_SECONDS) -> None:
        """Make the metrics; each instance has its own unless they share a folder. Pools are looked at every `pool_seconds` at most."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        here = CollectorRegistry()
        self._registry = here
        request = ("method", "route", "status")
        self._requests = Counter("http_requests", "Answered requests.", request, registry=here)
        self._seconds = Histogram("http_request_duration_seconds", "Time to answer.", request, registry=here, buckets=BUCKETS)
        self._pool = _gauge(here, "bellwether_db_pool_connections", "Connections in use and idle, and the most allowed.", "state")
        self._pool_events = Counter("bellwether_db_pool_events", "What happened to connections.", ("event",), registry=here)
        self._lookups = Counter("bellwether_cache_lookups", "Look-ups in the cache.", ("region", "outcome"), registry=here)
        self._limited = Counter("bellwether_rate_limited", "Requests refused for their budget.", ("budget",), registry=here)
        self._in_memory = _gauge(here, "bellwether_rate_limit_in_memory", "Processes that count requests on their own.")
        self._streams = _gauge(here, "bellwether_streams_open", "Live streams.")
        self._breaker_open = _gauge(here, "bellwether_breaker_open", "Processes in which the circuit breaker is open.", "name")
        self._breaker_opened = Counter("bellwether_breaker_opened", "Times that a circuit breaker opened.", ("name",), registry=here)
        self._breaker_refused = Counter("bellwether_breaker_refused", "Calls that a circuit breaker refused.", ("name",), registry=here)
        self._failures = Counter("bellwether_metrics_failures", "Events that could not be counted.", registry=here)
        # Looking a child up by its labels takes longer than counting.
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._pool_seconds, self._pool_due_at, self._pool_lock = pool_seconds, 0.0, threading.Lock()
        # By pool: each counts its events from 0, and another pool's counts may be smaller.
        self._pool_seen: weakref.WeakKeyDictionary[PoolOwner, dict[str, int]] = weakref.WeakKeyDictionary()
        self._is_in_memory = False
        self._start_at_zero()

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
        """Look at a pool, unless one was looked at just now."""
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
        """Count a look-up in the cache."""
        self._lookups.labels(region, outcome).inc()

    def limited(self, budget: str) -> None:
        """Count a refused request."""
        self._limited.labels(budget).inc()

    def counting_in_memory(self, is_so: bool) -> None:
        """Note whether this process counts on its own."""
        if is_so is not self._is_in_memory:
            self._is_in_memory = is_so
            self._in_memory.set(is_so)

    def streams(self, change: int) -> None:
        """Count live streams."""
        self._streams.inc(change)

    def breaker_made(self, name: str) -> None:
        """Show it closed, with nothing counted."""
        self._breaker_open.labels(name).set(0)
        self._breaker_opened.labels(name).inc(0)
        self._breaker_refused.labels(name).inc(0)

    def breaker_moved(self, name: str, is_open: bool) -> None:
        """Count an opening; show whether it is open."""
        self._breaker_open.labels(name).set(is_open)
        if is_open:
            self._breaker_opened.labels(name).inc()

    def breaker_refused(self, name: str) -> None:
        """Count a refusal."""
        self._breaker_refused.labels(name).inc()

    def failed(self) -> None:
        """Count an event that could not be counted."""
        self._failures.inc()

    def exposition(self, more: Iterable[Collector]) -> bytes:
        """What every process counted, in the text format of Prometheus."""
        if FOLDER_VARIABLE not in os.environ:
            return _text(self._registry, more)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return _text(together, more)

    def _start_at_zero(self) -> None:
        """Show what has not happened yet as 0, for alerts to see the first time; a process before may have left a gauge."""
        for gauge in (self._in_memory, self._streams):
            gauge.set(0)
        for budget in ("reads", "analyses", "bulk", "uploads", "refused_keys"):
            self._limited.labels(budget).inc(0)


class SafeMetrics(Metrics):
    """Other metrics, which cannot fail their callers: what they raise is logged and counted.

    Only `exposition` raises: an empty answer to a scrape would look as if nothing had happened.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._try(self._metrics.request, method, route, status, seconds)

    def pool(self, owner: PoolOwner) -> None:
        """Look at a pool, now and then."""
        self._try(self._metrics.pool, owner)

    def lookup(self, region: str, outcome: str) -> None:
        """Count a look-up in the cache."""
        self._try(self._metrics.lookup, region, outcome)

    def limited(self, budget: str) -> None:
        """Count a refused request."""
        self._try(self._metrics.limited, budget)

    def counting_in_memory(self, is_so: bool) -> None:
        """Note whether this process counts on its own."""
        self._try(self._metrics.counting_in_memory, is_so)

    def streams(self, change: int) -> None:
        """Count live streams."""
        self._try(self._metrics.streams, change)

    def breaker_made(self, name: str) -> None:
        """Show a circuit breaker."""
        self._try(self._metrics.breaker_made, name)

    def breaker_moved(self, name: str, is_open: bool) -> None:
        """A circuit breaker opened or closed."""
        self._try(self._metrics.breaker_moved, name, is_open)

    def breaker_refused(self, name: str) -> None:
        """A circuit breaker refused a call."""
        self._try(self._metrics.breaker_refused, name)

    def exposition(self, more: Iterable[Collector]) -> bytes:
        """Everything that was counted."""
        return self._metrics.exposition(more)

    def _try(self, count: Callable[..., None], *values: object) -> None:
        try:
            count(*values)
        except Exception:
            log.exception("not counted", method=count.__name__)
            with suppress(Exception):  # logged already: it is the same fault
                self._metrics.failed()


def use_slot(folder: Path, slot: int) -> None:
    """From now on, metrics of this process count in the files of `slot` in `folder`. To be called before they are made."""
    os.environ[FOLDER_VARIABLE] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


def _gauge(registry: CollectorRegistry, name: str, text: str, *labels: str) -> Gauge:
    """A gauge that adds up over the processes that live."""
    return Gauge(name, text, labels, registry=registry, multiprocess_mode="livesum")


def _text(registry: CollectorRegistry, more: Iterable[Collector]) -> bytes:
    # A registry of its own for each answer: two at once would take the collectors from each other.
    added = CollectorRegistry()
    for collector in more:
        added.register(collector)
    return generate_latest(registry) + generate_latest(added)
