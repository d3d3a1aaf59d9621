"""A link to an optional Redis: short timeouts, and a pause after a failure in which calls fail at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import structlog

log = structlog.get_logger(__name__)
Value = TypeVar("Value")

TIMEOUT = 0.15  # seconds, to connect and to answer: the delay of a request when Redis hangs
QUIET_AFTER_FAILURE = 5.0  # seconds


class RedisAway(Exception):
    """Redis does not answer, or the link pauses after a failure."""


class RedisLink:
    """One client with its connection pool; thread-safe. Connects at the first call."""

    # By URL, shared by all links of a process: a request that uses two links must not wait for two timeouts.
    _quiet_until: ClassVar[dict[str, float]] = {}

    def __init__(self, url: str, timeout: float = TIMEOUT, quiet_seconds: float = QUIET_AFTER_FAILURE) -> None:
        """`timeout` is in seconds, to connect and to answer; `quiet_seconds` is the pause after a failure."""
        self._url, self._timeout, self._quiet_seconds = url, timeout, quiet_seconds
        self._client: Any = None
        self._lock = threading.Lock()

    @property
    def is_quiet(self) -> bool:
        """Whether the link pauses after a failure: a call would raise at once."""
        return time.monotonic() < self._quiet_until.get(self._url, 0.0)

    def call(self, function: Callable[[Any], Value]) -> Value:
        """Call `function` with the client and return its value. Raises RedisAway."""
        if self.is_quiet:
            raise RedisAway
        import redis  # noqa: PLC0415 — only where it is configured

        try:
            with self._lock:
                if self._client is None:
                    self._client = connect_redis(self._url, self._timeout)
            return function(self._client)
        except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, OSError) as error:
            self._fall_quiet()
            log.warning("redis not reachable, going on without it", reason=str(error))
            raise RedisAway from error
        except redis.RedisError as error:
            # Redis answers, but is perhaps full: other commands may still work, so the link does not pause.
            log.warning("redis refused a command", reason=str(error))
            raise RedisAway from error
        except ValueError as error:
            # The URL has an invalid option; the error's text may quote a password.
            self._fall_quiet()
            log.error("REDIS_URL cannot be used, going on without it", kind=type(error).__name__)
            raise RedisAway from None

    def _fall_quiet(self) -> None:
        self._quiet_until[self._url] = time.monotonic() + self._quiet_seconds

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


def client_options(timeout: float = TIMEOUT) -> dict[str, Any]:
    """The options of every client: a timeout in seconds, and no retries, which would multiply the wait."""
    from redis.backoff import NoBackoff  # noqa: PLC0415 — 6 MB that a service without Redis need not carry
    from redis.retry import Retry  # noqa: PLC0415 — likewise

    return {"socket_connect_timeout": timeout, "socket_timeout": timeout, "retry": Retry(NoBackoff(), 0)}


def connect_redis(url: str, timeout: float = TIMEOUT) -> Any:
    """A client, which connects at its first command."""
    import redis  # noqa: PLC0415 — as above

    return redis.Redis.from_url(url, **client_options(timeout))
