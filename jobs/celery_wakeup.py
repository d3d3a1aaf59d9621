"""How a process wakes the workers of the engine in use."""

from __future__ import annotations

import time
from collections.abc import Collection

import structlog

from config import Settings
from infrastructure.redis_link import SUSPENDED_SECONDS
from jobs.wakeup import NoWakeup, RedisWakeup, Wakeup
from models.job import Lane

log = structlog.get_logger(__name__)

VISIBILITY_TIMEOUT = 120  # seconds until an unacknowledged message comes again; longer than a slice and than a lease


def queue_of(lane: Lane) -> str:
    """The name of the Celery queue of a lane."""
    return f"bellwether.{lane}"


class CeleryWakeup:
    """Wakes a Celery worker by a message; tells of changes as the other engine does."""

    def __init__(self, changes: Wakeup) -> None:
        self._changes = changes
        self._quiet_until = 0.0

    def work(self, job_id: str, lane: Lane) -> None:
        """Send a message to the queue of the lane. The broker's absence is logged: the maintenance sends again."""
        if time.monotonic() < self._quiet_until:
            return
        from kombu.exceptions import OperationalError  # noqa: PLC0415 — a web process of the local engine need not carry Celery

        from jobs.celery_app import drain  # noqa: PLC0415 — likewise

        try:
            drain.apply_async(args=[job_id, str(lane)], queue=queue_of(lane), expires=VISIBILITY_TIMEOUT)
        except (OperationalError, OSError) as error:
            self._quiet_until = time.monotonic() + SUSPENDED_SECONDS
            log.warning("broker not reachable, workers will be woken later", job_id=job_id, reason=str(error))

    def changed(self, job_ids: Collection[str]) -> None:
        """Pass it on."""
        self._changes.changed(job_ids)


def wakeup_for(settings: Settings) -> Wakeup:
    """How this process wakes others, by the settings. Opens nothing."""
    redis: Wakeup = RedisWakeup(settings.redis_url) if settings.redis_url else NoWakeup()
    return CeleryWakeup(redis) if settings.job_engine == "celery" else redis
