"""Schemas of providers of prices."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Answer
from models.provider import ProviderFault, Window


class WindowAnswer(Answer):
    """A span over which calls to a provider are counted."""

    window: Window
    limit: int | None = Field(description="The calls that the provider allows in it; null where only its refusal is known.")
    used: int = Field(description="The calls that were made in it, over all processes.")
    left: int = Field(description="The calls that can be made now: none while the provider refuses them.")
    free_at: datetime | None = Field(description="When the next call can be made; null where one can be made now.")


class BudgetAnswer(Answer):
    """The calls that a provider allows."""

    windows: list[WindowAnswer] = Field(description="The shortest first; empty where nothing is limited.")


class ProviderBreakerAnswer(Answer):
    """The breaker of a provider, which holds over all processes."""

    state: Literal["closed", "open"] = Field(description="`closed` lets calls pass; `open` leaves the provider alone.")
    failures: int = Field(description="How often it has failed in a row. An unknown ticker and a spent limit are no failures.")
    open_until: datetime | None = Field(description="When a call is let through for a trial; null while it is closed.")


class ProviderErrorAnswer(Answer):
    """The last error of a provider."""

    fault: ProviderFault = Field(description="What kind of error it is, for programs.")
    message: str = Field(description="What happened, in a sentence. It holds no key.")
    at: datetime = Field(description="When it happened.")


class ProviderAnswer(Answer):
    """A provider of prices."""

    name: str = Field(description="The name in PRICE_PROVIDERS, and in the provenance of what comes from it.")
    configured: bool = Field(description="Whether it is asked.")
    order: int | None = Field(description="Its place in the order to ask, from 1; null where it is not asked.")
    terms: str = Field(description="What its users have to know, in a sentence.")
    needs: list[str] = Field(description="The settings that are to be set before it is asked; empty where it is.")
    breaker: ProviderBreakerAnswer
    budget: BudgetAnswer
    last_error: ProviderErrorAnswer | None = Field(description="The last error, which may be over; null where there was none.")
    last_success_at: datetime | None = Field(description="When it last answered with prices, to half a minute; null where it never did.")


class ProviderList(Answer):
    """Every provider of prices."""

    items: list[ProviderAnswer] = Field(description="Those that are asked in their order, then the others by name.")
