"""The metrics of jobs."""

from __future__ import annotations

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import Connection

from infrastructure.database_metrics import gauge
from jobs.presence import count_by_lane, list_live
from jobs.store import backlog as backlog_store
from jobs.store import job as job_store
from jobs.store import total as total_store
from jobs.store.delay import find_delays
from models.job_state import ItemStatus, JobStatus


def read_metrics(connection: Connection) -> list[Metric]:
    """The numbers of jobs by state, of live workers, of queued, ended and rescued items, and the age of the backlog."""
    by_status = job_store.count_by_status(connection)
    live = count_by_lane(list_live(connection))
    waiting_seconds = backlog_store.waiting_seconds(connection)
    waiting = backlog_store.count_waiting(connection)
    delayed = sum(one.items for one in find_delays(connection).values())
    totals = total_store.read(connection)
    jobs = GaugeMetricFamily("bellwether_jobs", "Jobs by state.", labels=["status"])
    for status in JobStatus:
        jobs.add_metric([status], by_status.get(status, 0))
    workers = GaugeMetricFamily("bellwether_workers_live", "Worker processes whose heartbeat is recent.", labels=["lane"])
    for lane, count in live.items():
        workers.add_metric([lane], count)
    items = CounterMetricFamily("bellwether_job_items", "Items that ended.", labels=["outcome"])
    for outcome in (ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED):
        items.add_metric([outcome], totals[outcome])
    return [
        jobs,
        gauge("bellwether_job_backlog_items", "Items that wait to be claimed.", waiting),
        gauge("bellwether_job_backlog_age_seconds", "Seconds that queued work has waited while no worker claimed any.", waiting_seconds),
        gauge("bellwether_job_delayed_items", "Items that wait for their time, as for the calls that a provider allows.", delayed),
        items,
        workers,
        CounterMetricFamily("bellwether_job_rescues", "Items taken from lost workers.", value=totals["rescued"]),
    ]
