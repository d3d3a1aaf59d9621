"""Wake-ups between processes: workers are woken when work is queued, and streams when a job has changed.

A wake-up only saves time, because every receiver also polls. So errors of Redis are logged and cause a delay, but no failure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import structlog

from infrastructure.redis_link import SUSPENDED_SECONDS, RedisAway, RedisLink, connect_redis
from models.job import Lane

log = structlog.get_logger(__name__)

CHANGES_CHANNEL = "bellwether:changed"
LISTENER_TIMEOUT = 1.0  # seconds; longer than for requests, because no client waits for a listener


def work_channel(lane: Lane) -> str:
    """The channel of queued work in a lane. That of the lane `cpu` has the name from before there were lanes."""
    return "bellwether:work" if lane is Lane.CPU else f"bellwether:work:{lane}"


class Wakeup(Protocol):
    """Wakes other processes. Errors are logged, not raised."""

    def wake_workers(self, job_id: str, lane: Lane) -> None:
        """Wake workers of a lane, because the job has queued items."""

    def wake_streams(self, job_ids: Collection[str]) -> None:
        """Wake the processes that stream one of the jobs, because the jobs have changed."""


class NoWakeup:
    """Wakes no process: without Redis, they only poll."""

    def wake_workers(self, job_id: str, lane: Lane) -> None:
        """Do nothing."""

    def wake_streams(self, job_ids: Collection[str]) -> None:
        """Do nothing."""


class RedisWakeup:
    """Wakes processes by messages on Redis channels."""

    def __init__(self, url: str) -> None:
        self._redis = RedisLink(url)

    def wake_workers(self, job_id: str, lane: Lane) -> None:
        """Wake the workers of a lane."""
        self._publish(work_channel(lane), [job_id])

    def wake_streams(self, job_ids: Collection[str]) -> None:
        """Wake the web processes that stream one of the jobs."""
        self._publish(CHANGES_CHANNEL, job_ids)

    def _publish(self, channel: str, job_ids: Collection[str]) -> None:
        with suppress(RedisAway):  # logged by the link; the receivers poll
            for job_id in job_ids:
                self._redis.call(partial(_publish, channel, job_id))


def _publish(channel: str, job_id: str, client: Any) -> None:
    client.publish(channel, job_id)


class WakeupListener:
    """Waits for messages on a Redis channel; without Redis, or while it is away, only for the time to poll."""

    def __init__(self, url: str | None, channel: str) -> None:
        self._url, self._channel = url, channel
        self._subscription: Any = None
        self._suspended_until = 0.0

    def wait(self, stop: threading.Event, poll_seconds: float, subscribed_poll_seconds: float) -> None:
        """Return when a message arrives, when `stop` is set, or when it is time to poll.

        That is after `subscribed_poll_seconds` while the channel is subscribed, otherwise after `poll_seconds`.
        """
        subscription = self._subscribe()
        if subscription is None:
            stop.wait(poll_seconds)
            return
        import redis  # noqa: PLC0415 — only where it is configured

        deadline = time.monotonic() + subscribed_poll_seconds
        try:
            while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
                if subscription.get_message(ignore_subscribe_messages=True, timeout=min(left, 0.2)) is not None:
                    return
        except (redis.RedisError, OSError) as error:
            self._suspend(error)

    def close(self) -> None:
        """Close the subscription."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()

    def _subscribe(self) -> Any:
        if self._url is None or self._subscription is not None or time.monotonic() < self._suspended_until:
            return self._subscription
        import redis  # noqa: PLC0415 — only where it is configured

        try:
            subscription = connect_redis(self._url, LISTENER_TIMEOUT).pubsub()
            subscription.subscribe(self._channel)
        except (redis.RedisError, OSError, ValueError) as error:
            self._suspend(error)
            return None
        self._subscription = subscription
        return subscription

    def _suspend(self, error: Exception) -> None:
        self._subscription = None
        self._suspended_until = time.monotonic() + SUSPENDED_SECONDS
        # The message of a ValueError may quote the password in the URL.
        reason = type(error).__name__ if isinstance(error, ValueError) else str(error)
        log.warning("redis not reachable, polling instead", reason=reason)
