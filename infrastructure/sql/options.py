"""Which database a process uses, and how it treats it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import Settings


@dataclass(frozen=True)
class DatabaseOptions:
    """Which database, and how to treat it. Times are in seconds; config.Settings documents each."""

    url: str
    pool_size: int = 8
    max_overflow: int = 4
    pool_timeout: float = 5.0
    pool_recycle: int = 1800
    ping_after_idle: float = 30.0
    connect_attempts: int = 30
    connect_timeout: int = 5
    lock_timeout: float = 5.0
    idle_in_transaction_timeout: float = 60.0
    migration_lock_timeout: float = 300.0
    breaker_failures: int = 5
    breaker_seconds: float = 5.0

    @classmethod
    def of(cls, settings: Settings) -> DatabaseOptions:
        """The options that the settings give."""
        return cls(
            url=settings.sqlalchemy_url,
            pool_size=settings.db_pool_size,
            max_overflow=settings.db_max_overflow,
            pool_timeout=settings.db_pool_timeout,
            pool_recycle=settings.db_pool_recycle,
            ping_after_idle=settings.db_ping_after_idle,
            connect_attempts=settings.db_connect_attempts,
            connect_timeout=settings.db_connect_timeout,
            lock_timeout=settings.db_lock_timeout,
            migration_lock_timeout=settings.migration_lock_timeout,
            breaker_failures=settings.breaker_failures,
            breaker_seconds=settings.breaker_seconds,
        )
