"""Checks of Redis: whether it answers, and whether its eviction policy is safe."""

from __future__ import annotations

from typing import Any

from config import Settings
from infrastructure.redis_link import connect_redis
from models.health import Finding, Probe, bad, doubtful, good, skipped

KEEP_ALL = "noeviction"
TIMEOUT = 1.0  # seconds, to connect and to answer
REMEDY = "See that it runs and that {} is right; the log has the reason."
SET_POLICY = "Set `maxmemory-policy noeviction`"


def redis_probe(settings: Settings) -> Probe:
    """The Redis of wake-ups, limits and cache, which all have a fallback: critical only when it is also Celery's broker."""
    is_broker = settings.job_engine == "celery" and settings.broker_url == settings.redis_url
    return Probe(
        "redis", lambda: _redis(settings.redis_url, is_broker), REMEDY.format("REDIS_URL"), is_critical=is_broker, decides_readiness=True
    )


def broker_probe(settings: Settings) -> Probe:
    """Celery's broker: without it, no job runs."""
    uses_celery = settings.job_engine == "celery"
    url = settings.broker_url if uses_celery else None
    variable = "CELERY_BROKER_URL" if settings.celery_broker_url else "REDIS_URL"
    return Probe("broker", lambda: _broker(url), REMEDY.format(variable), is_critical=uses_celery, decides_readiness=True)


def eviction(info: dict[str, Any], is_broker: bool) -> Finding:
    """Judge the reply to INFO: `maxmemory` in bytes (0: no limit), `maxmemory_policy`, `redis_version`."""
    limit, policy = int(info.get("maxmemory", 0)), str(info.get("maxmemory_policy", KEEP_ALL))
    message = f"Redis {info.get('redis_version', '?')} answers; "
    if not limit:
        return good(message + f"no limit is set on its memory (policy {policy}).")
    message += f"past {limit / 1e6:,.0f} MB its policy is {policy}."
    if is_broker and policy != KEEP_ALL:
        return bad(f"{message} It may evict messages that no worker has received.", f"{SET_POLICY}, or give Celery its own Redis.")
    if policy.startswith("allkeys-"):
        return doubtful(f"{message} It may evict the counters of rate limits.", f"{SET_POLICY} or `volatile-lru`, or give it more memory.")
    return good(message)


def _redis(url: str | None, is_broker: bool) -> Finding:
    return skipped("REDIS_URL is not set.") if url is None else _ask(url, is_broker)


def _broker(url: str | None) -> Finding:
    return skipped("JOB_ENGINE is local: there is no broker.") if url is None else _ask(url, is_broker=True)


def _ask(url: str, is_broker: bool) -> Finding:
    try:
        client = connect_redis(url, TIMEOUT)
    except ValueError:  # its text may quote the password
        return bad(
            "It is not a valid URL.", "Set it to redis://:password@host:6379/0, with @, : and / of the password as %40, %3A and %2F."
        )
    try:
        return eviction(client.info(), is_broker)
    finally:
        client.close()
