"""The schedules feature: what is done when by itself, and the ledger of every due time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.schedules.flags import SCHEDULES
from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from infrastructure.feature import KnownIds
    from infrastructure.foundation import Foundation
    from infrastructure.outbox import Subscriber
    from models.health import Probe


def _blueprints() -> tuple[Blueprint, ...]:
    from features.schedules.routes import firing, schedule

    return schedule.blueprint, firing.blueprint


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.schedules.dispatcher import LOOK_SECONDS, Dispatcher
    from features.schedules.ledger import SETTLE_SECONDS, prune_firings, settle_firings
    from features.schedules.starting import Starter
    from jobs.wakeup import NoWakeup, RedisWakeup

    database, settings = foundation.database, foundation.settings
    # Celery's workers are woken by maintenance.
    wakeup = RedisWakeup(settings.redis_url) if settings.redis_url else NoWakeup()
    dispatcher = Dispatcher(database, Starter(foundation, wakeup))
    return (
        MaintenanceTask("dispatch_schedules", LOOK_SECONDS, dispatcher.look, all_may_run=True),
        MaintenanceTask("settle_firings", SETTLE_SECONDS, lambda: settle_firings(database)),
        MaintenanceTask("prune_firings", HOURLY, lambda: prune_firings(database, settings.firings_kept_days)),
    )


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    from features.schedules.health import dispatcher_probe

    return (dispatcher_probe(foundation.database),)


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from features.schedules.health import read_metrics

    return read_metrics(connection)


def _subscribers(_: Foundation) -> tuple[Subscriber, ...]:
    from features.schedules.ledger import work_finished
    from infrastructure.outbox import Subscriber
    from models.event import EventType

    return (Subscriber("schedules", frozenset({EventType.JOB_FINISHED, EventType.RUN_FINISHED}), work_finished),)


def _known() -> Mapping[str, KnownIds]:
    from features.schedules.store.schedule import known_ids

    return {"schedule": known_ids}


def _stop(connection: Connection, org_id: int) -> None:
    from features.schedules.store import firing as firing_store
    from features.schedules.store import schedule as schedule_store

    schedule_store.stop_all(connection, org_id)
    firing_store.skip_all_waiting(connection, org_id, "overlap", "The organization is being removed.")


BELONGINGS = (
    Belonging("schedule_firings", ("schedule_id", "due_at")),
    Belonging("schedules"),
)

FEATURE = Feature(
    "schedules",
    blueprints=_blueprints,
    flags=(SCHEDULES,),
    maintenance=_maintenance,
    probes=_probes,
    metrics=_metrics,
    subscribers=_subscribers,
    known=_known,
    stopping=_stop,
    belongings=BELONGINGS,
)
