"""What the installation is connected to as a whole: Redis, where unexpected errors are reported, and which addresses may be asked."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from config import Settings
from features.operations.checks.redis import TIMEOUT, eviction
from infrastructure.integration import Connector, IntegrationFailed, Step, Wish
from infrastructure.redis_link import connect_redis
from models.health import CheckState
from models.integration import Integration, IntegrationKind, IntegrationState

TRIAL_SECONDS = 10  # after which Redis drops what was written for a trial
ENCODE = "Write it as redis://:password@host:6379/0, with @, : and / of the password as %40, %3A and %2F."
REDIS_PAGE, ERRORS_PAGE, NETWORK_PAGE = "/docs/runbook#bellwetherlimitsperprocess", "/diagnostics", "/channels"


def connectors(settings: Settings) -> tuple[Connector, ...]:
    """Redis, the broker where it is another one, error reports, and the outbound network."""
    urls = {"redis": (settings.redis_url, "REDIS_URL", "Redis")}
    if settings.job_engine == "celery" and settings.celery_broker_url:
        urls["broker"] = (settings.celery_broker_url, "CELERY_BROKER_URL", "Broker of Celery")
    is_broker = settings.job_engine == "celery"
    shared = tuple(_redis(name, *known, is_broker=is_broker and (name == "broker" or len(urls) == 1)) for name, known in urls.items())
    return (*shared, Connector("error-reports", lambda: _error_reports(settings)), Connector("network", lambda: _network(settings)))


def try_redis(url: str, setting: str, *, is_broker: bool, step: Step) -> str:
    """Ask for an answer, then write and read a value that lasts some seconds. Raises IntegrationFailed."""
    import redis  # noqa: PLC0415 — only where it is configured

    try:
        client = connect_redis(url, TIMEOUT)
    except ValueError as error:  # its text may quote the password
        raise IntegrationFailed(f"{setting} is not a valid URL. {ENCODE}") from error
    try:
        with step("ping"):
            client.ping()
        with step("write and read"):
            key, value = f"bellwether:trial:{secrets.token_hex(8)}", secrets.token_hex(8)
            client.set(key, value, ex=TRIAL_SECONDS)
            if client.get(key) != value.encode():
                raise IntegrationFailed("Redis gives another value than was written. See that REDIS_URL names no replica.")
        finding = eviction(client.info(), is_broker)
    except redis.AuthenticationError as error:
        raise IntegrationFailed(f"Redis refuses the sign-in. Check the name and the password in {setting}. {ENCODE}") from error
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        raise IntegrationFailed(f"Redis does not answer. See that it runs, and that host and port in {setting} are right.") from error
    except redis.RedisError as error:
        message = f"Redis refuses a command ({type(error).__name__}). See its memory and policy, and what this user may do."
        raise IntegrationFailed(message) from error
    finally:
        client.close()
    if finding.state is CheckState.CRITICAL:
        raise IntegrationFailed(f"{finding.found} {finding.remedy or ''}".strip())
    return f"{finding.found} {finding.remedy or ''}".strip()


def _redis(name: str, url: str | None, setting: str, title: str, *, is_broker: bool) -> Connector:
    def look() -> Integration:
        if url is None:
            told = f"Not in use: each process counts and caches on its own, and workers poll. Set {setting} to share them."
            return Integration(name, IntegrationKind.REDIS, title, IntegrationState.OFF, told, (setting,), REDIS_PAGE)
        told = f"At {_host_of(url)}. Processes share counts of rate limits, cached results and wake-ups."
        if name == "broker":
            told = f"At {_host_of(url)}. Celery workers get their messages from it."
        return Integration(name, IntegrationKind.REDIS, title, IntegrationState.SET_UP, told, (setting,), REDIS_PAGE)

    def try_it(step: Step, _: Wish) -> str:
        assert url is not None, "what is not set up is not tried"
        return try_redis(url, setting, is_broker=is_broker, step=step)

    return Connector(name, look, try_it)


def _host_of(url: str) -> str:
    """Where a URL leads, without names, passwords and options."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "an address that cannot be read"
    if not host:
        return "a socket of this machine"
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def _error_reports(settings: Settings) -> Integration:
    is_on = settings.sentry_dsn is not None
    told = (
        "Unexpected errors are reported to the project of the DSN, with ids alone."
        if is_on
        else "Unexpected errors stand in the log and on the page Diagnostics. Set SENTRY_DSN to have them reported to Sentry as well."
    )
    state = IntegrationState.SET_UP if is_on else IntegrationState.OFF
    return Integration("error-reports", IntegrationKind.ERRORS, "Error reports", state, told, ("SENTRY_DSN",), ERRORS_PAGE)


def _network(settings: Settings) -> Integration:
    allowed = settings.webhook_allowed_networks
    told = "Channels and feeds may ask public addresses alone."
    if allowed:
        told = f"Channels and feeds may ask public addresses, and those of {', '.join(allowed)}."
    names = ("WEBHOOK_ALLOWED_NETWORKS",)
    return Integration("network", IntegrationKind.NETWORK, "Outbound network", IntegrationState.SET_UP, told, names, NETWORK_PAGE)
