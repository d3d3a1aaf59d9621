"""The services of an application: one frozen object, built by `create_app` and reached by `services()`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from api.application import Application
    from api.authentication import Authentication
    from api.heavy import HeavySlots
    from api.paging import CursorSigner
    from config import Settings
    from database import Database
    from infrastructure.breaker import Breaker
    from infrastructure.cache import Cache
    from infrastructure.database_metrics import DatabaseCollector
    from infrastructure.error_journal import ErrorJournal
    from infrastructure.feature import Universes
    from infrastructure.flags import FeatureFlags
    from infrastructure.foundation import Foundation
    from infrastructure.health import HealthChecks
    from infrastructure.lifecycle import Lifecycle
    from infrastructure.metrics import Metrics
    from infrastructure.rate_limiter import RateLimiter
    from infrastructure.redis_link import RedisLink
    from infrastructure.replacements import Replacements
    from jobs.feed import JobFeed
    from jobs.reads import JobReads
    from jobs.stalls import StallWatch
    from jobs.wakeup import Wakeup


@dataclass(frozen=True)
class Services:
    """The services of one application. All are thread-safe, and none opens a connection before the lifecycle starts."""

    foundation: Foundation  # has what features offer each other
    settings: Settings
    database: Database
    redis: RedisLink | None  # None without REDIS_URL
    cache: Cache
    replacements: Replacements
    flags: FeatureFlags
    metrics: Metrics
    errors: ErrorJournal
    collector: DatabaseCollector
    breakers: tuple[Breaker, ...]
    health: HealthChecks
    authentication: Authentication
    cursors: CursorSigner
    rate_limiter: RateLimiter | None  # None with RATE_LIMIT_ENABLED=false
    heavy_slots: HeavySlots
    wakeup: Wakeup
    job_feed: JobFeed
    job_reads: JobReads
    stalls: StallWatch
    universes: Universes
    lifecycle: Lifecycle


def services() -> Services:
    """The services of the application that handles the current request or command."""
    return cast("Application", current_app).services
