"""An optional Redis: short timeouts, and no calls for some seconds after a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import structlog

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

TIMEOUT = 0.15  # seconds to connect, and to answer: the delay of a request when Redis hangs
SUSPENDED_SECONDS = 5.0  # without calls after a failure


class RedisAway(Exception):
    """Redis does not answer, refused a command, or is suspended after a failure."""


class RedisLink:
    """A Redis client with its pool. Thread-safe; connects at the first call."""

    # By URL and shared by all links: a request that uses two links would otherwise wait for two timeouts.
    _suspended_until: ClassVar[dict[str, float]] = {}

    def __init__(self, url: str, timeout: float = TIMEOUT, suspended_seconds: float = SUSPENDED_SECONDS) -> None:
        """`timeout` is in seconds, to connect and to answer; `suspended_seconds` is the pause after a failure."""
        self._url, self._timeout, self._suspended_seconds = url, timeout, suspended_seconds
        self._client: Any = None
        self._lock = threading.Lock()

    @property
    def is_suspended(self) -> bool:
        """Whether Redis failed within the last seconds, so that a call raises at once."""
        return time.monotonic() < self._suspended_until.get(self._url, 0.0)

    def call(self, function: Callable[[Any], Result]) -> Result:
        """The result of `function(client)`. Raises RedisAway."""
        if self.is_suspended:
            raise RedisAway
        import redis  # noqa: PLC0415 — only where it is configured

        try:
            with self._lock:
                if self._client is None:
                    self._client = connect_redis(self._url, self._timeout)
            return function(self._client)
        except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, OSError) as error:
            self._suspend()
            log.warning("redis not reachable, going on without it", reason=str(error))
            raise RedisAway from error
        except redis.RedisError as error:
            # Redis is reachable, perhaps out of memory: other commands may succeed, so it is not suspended.
            log.warning("redis refused a command", reason=str(error))
            raise RedisAway from error
        except ValueError as error:
            # An invalid option in the URL. The message is not logged, because it may quote the password.
            self._suspend()
            log.error("REDIS_URL cannot be used, going on without it", kind=type(error).__name__)
            raise RedisAway from None

    def _suspend(self) -> None:
        self._suspended_until[self._url] = time.monotonic() + self._suspended_seconds

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


# What Celery writes otherwise than the client: the scheme of a Unix socket, the number of a database, and how certificates are checked.
_SPELLINGS = (
    ("redis+socket://", "unix://"),
    ("virtual_host=", "db="),
    ("ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs=none"),
    ("ssl_cert_reqs=CERT_OPTIONAL", "ssl_cert_reqs=optional"),
    ("ssl_cert_reqs=CERT_REQUIRED", "ssl_cert_reqs=required"),
)


def client_options(timeout: float = TIMEOUT) -> dict[str, Any]:
    """The options of every client: a timeout in seconds, and no retries, which would multiply it."""
    from redis.backoff import NoBackoff  # noqa: PLC0415 — redis takes 6 MB that a service without it saves
    from redis.retry import Retry  # noqa: PLC0415 — as above

    return {"socket_connect_timeout": timeout, "socket_timeout": timeout, "retry": Retry(NoBackoff(), 0)}


def connect_redis(url: str, timeout: float = TIMEOUT) -> Any:
    """A client with `client_options`; it connects at its first command. Takes URLs in Celery's spelling, too."""
    import redis  # noqa: PLC0415 — as above

    for celerys, clients in _SPELLINGS:
        url = url.replace(celerys, clients)
    return redis.Redis.from_url(url, **client_options(timeout))
