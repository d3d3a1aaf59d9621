"""Wake-ups of Celery workers, and the choice of the wake-up for the engine in use."""

from __future__ import annotations

import time
from collections.abc import Collection

import structlog

from config import Settings
from infrastructure.redis_link import SUSPENDED_SECONDS
from jobs.wakeup import NoWakeup, RedisWakeup, Wakeup
from models.job import Lane

log = structlog.get_logger(__name__)

VISIBILITY_TIMEOUT = 120  # seconds until an unacknowledged message is delivered again; longer than a slice and than a lease


def queue_of(lane: Lane) -> str:
    """The name of the Celery queue of a lane."""
    return f"bellwether.{lane}"


class CeleryWakeup:
    """Wakes Celery workers by messages, and streams in the same way as the local engine."""

    def __init__(self, streams: Wakeup) -> None:
        self._streams = streams
        self._suspended_until = 0.0

    def wake_workers(self, job_id: str, lane: Lane) -> None:
        """Send a message to the queue of the lane. Failures are only logged, because the maintenance sends another message."""
        if time.monotonic() < self._suspended_until:
            return
        from kombu.exceptions import OperationalError  # noqa: PLC0415 — web processes with the local engine do not load Celery

        from jobs.celery_app import drain  # noqa: PLC0415 — as above

        try:
            drain.apply_async(args=[job_id, str(lane)], queue=queue_of(lane), expires=VISIBILITY_TIMEOUT)
        except (OperationalError, OSError) as error:
            self._suspended_until = time.monotonic() + SUSPENDED_SECONDS
            log.warning("broker not reachable, workers will be woken later", job_id=job_id, reason=str(error))

    def wake_streams(self, job_ids: Collection[str]) -> None:
        """Wake the web processes that stream one of the jobs."""
        self._streams.wake_streams(job_ids)


def wakeup_for(settings: Settings) -> Wakeup:
    """The wake-up for the engine in the settings. Opens no connection."""
    redis: Wakeup = RedisWakeup(settings.redis_url) if settings.redis_url else NoWakeup()
    return CeleryWakeup(redis) if settings.job_engine == "celery" else redis
