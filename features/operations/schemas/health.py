"""Schemas of health. Fields that need a key are left out without one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Answer
from models.health import CheckState
from models.migration import SchemaState

WITH_KEY = "With a valid key only."


class LiveAnswer(Answer):
    """This process answers."""

    status: Literal["ok"]


class PingAnswer(Answer):
    """The database answers."""

    status: Literal["ok"]


class CheckAnswer(Answer):
    """One check."""

    name: str
    state: CheckState
    is_critical: bool | None = Field(None, description=f"Whether trouble with it stops the service. {WITH_KEY}")
    found: str | None = Field(None, description=f"What was found, in a sentence. {WITH_KEY}")
    remedy: str | None = Field(None, description=f"What to do; null where nothing is wrong. {WITH_KEY}")
    runbook: str | None = Field(None, description=f"The path of the page that says what to do. {WITH_KEY}")
    duration_ms: float | None = Field(None, description=f"How long the check took. {WITH_KEY}")


class ReadyAnswer(Answer):
    """Whether this process should receive traffic, and its checks; `ok` also with warnings."""

    status: Literal["ok", "unavailable"]
    checks: list[CheckAnswer]


class BreakerAnswer(Answer):
    """A circuit breaker: the dependency that it guards, and its state."""

    name: str
    state: Literal["closed", "open", "half-open"]
    failures: int = Field(description="Failures in a row.")
    retry_after: float = Field(description="Seconds until the next try.")


class HealthAnswer(ReadyAnswer):
    """Every check."""

    versions: dict[str, str] | None = Field(None, description=f"Of the service and its main packages. {WITH_KEY}")
    breakers: list[BreakerAnswer] | None = Field(None, description=f"The circuit breakers. {WITH_KEY}")


class MigrationsAnswer(Answer):
    """The state of the schema."""

    status: Literal["ok", "unavailable"]
    state: SchemaState
    version: int | None = Field(None, description=f"The number of the newest migration that is applied. {WITH_KEY}")
    current: str | None = Field(None, description=f"The newest migration that is applied. {WITH_KEY}")
    applied: list[str] | None = Field(None, description=f"The migrations that are applied, oldest first. {WITH_KEY}")
    pending: list[str] | None = Field(None, description=f"Those that are not. {WITH_KEY}")
    found: str | None = Field(None, description=f"The state in a sentence. {WITH_KEY}")
    remedy: str | None = Field(None, description=f"What to do; null where nothing is wrong. {WITH_KEY}")
