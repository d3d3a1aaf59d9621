"""Health."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from models.health import Check
from models.migration import State


class LiveAnswer(BaseModel):
    """This process answers."""

    status: Literal["ok"]


class ReadyAnswer(BaseModel):
    """Whether traffic should come here, and why not."""

    status: Literal["ok", "unavailable"]
    version: str
    checks: list[Check]


class MigrationsAnswer(BaseModel):
    """How the schema stands to the code."""

    state: State
    version: int
    applied: list[str]
    pending: list[str]
    found: str
    remedy: str | None
