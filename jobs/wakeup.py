"""Telling others at once what they would find out a little later by looking: that there is work, and that a job has changed.

Nothing depends on a wake-up: whoever waits for one looks by itself every now and then. So trouble with Redis delays and is logged, and
fails nothing.
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

CHANNEL_CHANGED = "bellwether:changed"
LISTENING_PATIENCE = 1.0  # seconds: nobody's answer waits for a listener


def work_channel(lane: Lane) -> str:
    """The channel that says that there is work in a lane; that of the lane `cpu` is as old as there are no lanes."""
    return "bellwether:work" if lane is Lane.CPU else f"bellwether:work:{lane}"


class Wakeup(Protocol):
    """Who is told that there is work, and that jobs have changed."""

    def work(self, job_id: str, lane: Lane) -> None:
        """Say that a job has queued items in a lane."""

    def changed(self, job_ids: Collection[str]) -> None:
        """Say that jobs have changed."""


class NoWakeup:
    """Tells nobody: those who wait look by themselves."""

    def work(self, job_id: str, lane: Lane) -> None:
        """Say nothing."""

    def changed(self, job_ids: Collection[str]) -> None:
        """Say nothing."""


class RedisWakeup:
    """Publishes on Redis."""

    def __init__(self, url: str) -> None:
        self._redis = RedisLink(url)

    def work(self, job_id: str, lane: Lane) -> None:
        """Wake the workers."""
        self._publish(work_channel(lane), [job_id])

    def changed(self, job_ids: Collection[str]) -> None:
        """Wake the web processes that show one of the jobs."""
        self._publish(CHANNEL_CHANGED, job_ids)

    def _publish(self, channel: str, job_ids: Collection[str]) -> None:
        # The link has logged it; others will find out by looking.
        with suppress(RedisAway):
            for job_id in job_ids:
                self._redis.call(partial(_publish, channel, job_id))


def _publish(channel: str, job_id: str, client: Any) -> None:
    client.publish(channel, job_id)


class WakeupListener:
    """Waits to be woken: by a message on a Redis channel where there is one, else only by the time that passes."""

    def __init__(self, url: str | None, channel: str) -> None:
        self._url, self._channel = url, channel
        self._subscription: Any = None
        self._quiet_until = 0.0

    def wait(self, stop: threading.Event, poll_seconds: float, heard_poll_seconds: float) -> None:
        """Return when it rings, when `stop` is set, or after a while.

        That is `heard_poll_seconds` while messages can be heard, else `poll_seconds`.
        """
        subscription = self._listen()
        if subscription is None:
            stop.wait(poll_seconds)
            return
        import redis  # noqa: PLC0415 — only where it is configured

        deadline = time.monotonic() + heard_poll_seconds
        try:
            while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
                if subscription.get_message(ignore_subscribe_messages=True, timeout=min(left, 0.2)) is not None:
                    return
        except (redis.RedisError, OSError) as error:
            self._forget(error)

    def close(self) -> None:
        """Hang up."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()

    def _listen(self) -> Any:
        if self._url is None or self._subscription is not None or time.monotonic() < self._quiet_until:
            return self._subscription
        import redis  # noqa: PLC0415 — only where it is configured

        try:
            subscription = connect_redis(self._url, LISTENING_PATIENCE).pubsub()
            subscription.subscribe(self._channel)
        except (redis.RedisError, OSError, ValueError) as error:
            self._forget(error)
            return None
        self._subscription = subscription
        return subscription

    def _forget(self, error: Exception) -> None:
        self._subscription = None
        self._quiet_until = time.monotonic() + SUSPENDED_SECONDS
        # The text of a ValueError is about the URL, and may quote its password.
        reason = type(error).__name__ if isinstance(error, ValueError) else str(error)
        log.warning("redis not reachable, looking for news instead", reason=reason)
