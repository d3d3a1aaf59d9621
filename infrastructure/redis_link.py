"""Redis, for those to whom it is a help and no need: asked quickly, and left alone for a while after it failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import structlog

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

PATIENCE = 0.15  # seconds, to connect and to answer: what a request may lose when Redis hangs
QUIET_AFTER_FAILURE = 5.0  # seconds in which an absent Redis is not asked again


class RedisAway(Exception):
    """Redis does not answer, or failed a moment ago."""


class RedisLink:
    """One client with its pool; thread-safe. Connects at the first call."""

    # By URL: what one link has found out is known to the others, or a request that uses two would lose its patience twice.
    _quiet_until: ClassVar[dict[str, float]] = {}

    def __init__(self, url: str, patience: float = PATIENCE, quiet_seconds: float = QUIET_AFTER_FAILURE) -> None:
        """`patience` is in seconds, to connect and to answer; `quiet_seconds` is how long Redis is not asked again after a failure."""
        self._url, self._patience, self._quiet_seconds = url, patience, quiet_seconds
        self._client: Any = None
        self._lock = threading.Lock()

    @property
    def is_quiet(self) -> bool:
        """Whether it failed a moment ago, so that a call would raise at once."""
        return time.monotonic() < self._quiet_until.get(self._url, 0.0)

    def call(self, function: Callable[[Any], Answer]) -> Answer:
        """What `function` makes of the client. Raises RedisAway."""
        if self.is_quiet:
            raise RedisAway
        import redis  # noqa: PLC0415 — only where it is configured

        try:
            with self._lock:
                if self._client is None:
                    self._client = connect_redis(self._url, self._patience)
            return function(self._client)
        except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, OSError) as error:
            self._fall_quiet()
            log.warning("redis not reachable, going on without it", reason=str(error))
            raise RedisAway from error
        except redis.RedisError as error:
            # It is there, and full perhaps: what else is asked of it may well be answered.
            log.warning("redis refused a command", reason=str(error))
            raise RedisAway from error
        except ValueError as error:
            # An option of the URL that means nothing; the text may quote a password.
            self._fall_quiet()
            log.error("REDIS_URL cannot be used, going on without it", kind=type(error).__name__)
            raise RedisAway from None

    def _fall_quiet(self) -> None:
        self._quiet_until[self._url] = time.monotonic() + self._quiet_seconds

    def close(self) -> None:
        """Close its connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


def client_options(patience: float = PATIENCE) -> dict[str, Any]:
    """How every client connects: it gives up soon, and does not try again by itself, which would multiply the wait."""
    from redis.backoff import NoBackoff  # noqa: PLC0415 — 6 MB that a service without Redis need not carry
    from redis.retry import Retry  # noqa: PLC0415 — likewise

    return {"socket_connect_timeout": patience, "socket_timeout": patience, "retry": Retry(NoBackoff(), 0)}


def connect_redis(url: str, patience: float = PATIENCE) -> Any:
    """A client; it connects at the first command."""
    import redis  # noqa: PLC0415 — as above

    return redis.Redis.from_url(url, **client_options(patience))
