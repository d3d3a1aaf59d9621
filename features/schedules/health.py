"""Whether a dispatcher looks for due times, and the metrics of schedules."""

from __future__ import annotations

from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import Connection

from database import Database
from features.schedules.store import firing as firing_store
from features.schedules.store import schedule as schedule_store
from infrastructure.database_metrics import gauge
from infrastructure.sql.database_clock import database_now
from models.health import Finding, Probe, doubtful, good, skipped
from models.schedule import FiringState

SILENT_AFTER = timedelta(minutes=2)
REMEDY = (
    "Check that `python worker.py` runs and reaches the database; its log has the reason. Due times that pass meanwhile run late within "
    "their catch_up, or are noted as missed."
)
STUCK_REMEDY = "The log of the workers says why they cannot be considered: look for 'a schedule could not be considered'."


def dispatcher_probe(database: Database) -> Probe:
    """A probe of whether a dispatcher looks. Not critical: what is stored is served without one."""
    return Probe("schedules", lambda: _dispatcher(database), REMEDY, is_critical=False, needs=("schema",), decides_readiness=True)


def _dispatcher(database: Database) -> Finding:
    with database.read() as connection:
        if not schedule_store.has_any(connection):
            return skipped("There are no schedules.")
        moment = database_now(connection)
        looked_at = schedule_store.looked_at(connection)
        behind = schedule_store.count_due(connection, moment - SILENT_AFTER)
    return judge(moment, looked_at, behind)


def judge(moment: datetime, looked_at: datetime | None, behind: int) -> Finding:
    """The finding, given when a dispatcher last looked and how many schedules were due two minutes ago and have not been considered."""
    if looked_at is None:
        return doubtful("No dispatcher has looked for due times yet.", REMEDY)
    silent = moment - looked_at
    if silent >= SILENT_AFTER:
        return doubtful(f"No dispatcher has looked for due times for {silent.total_seconds() / 60:,.0f} minutes.", REMEDY)
    if behind:
        what = "1 schedule has" if behind == 1 else f"{behind:,} schedules have"
        return doubtful(f"{what} due times that passed more than two minutes ago and are not in the ledger.", STUCK_REMEDY)
    return good("A dispatcher looks for due times.")


def read_metrics(connection: Connection) -> list[Metric]:
    """How many firings came to each state, how long no dispatcher has looked, and how many schedules are behind."""
    totals = firing_store.read_totals(connection)
    moment = database_now(connection)
    looked_at = schedule_store.looked_at(connection)
    firings = CounterMetricFamily("bellwether_schedule_firings", "Due times by what became of them.", labels=["state"])
    for state in FiringState:
        if state is not FiringState.WAITING:
            firings.add_metric([state], totals.get(state, 0))
    age = GaugeMetricFamily("bellwether_schedule_dispatcher_age_seconds", "Seconds since a dispatcher last noted that it looks.")
    if looked_at is not None:
        age.add_metric([], max((moment - looked_at).total_seconds(), 0.0))
    behind = schedule_store.count_due(connection, moment - SILENT_AFTER)
    return [firings, age, gauge("bellwether_schedules_behind", "Schedules that were due two minutes ago and are not considered.", behind)]
