"""What prices offer to schedules and pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from features.prices.flags import FETCHES
from features.prices.schemas.refresh import RefreshRequest
from infrastructure.capability import Call, Capability, Started, Starts
from models.job import Job
from models.price_errors import NoProvider

if TYPE_CHECKING:
    from infrastructure.foundation import Foundation


def capabilities_of(foundation: Foundation) -> tuple[Capability, ...]:
    """The capability that refreshes prices."""

    def start(connection: Connection, call: Call, inputs: RefreshRequest) -> Started:
        from features.prices.refreshing import submit  # noqa: PLC0415 — the clients of providers load slowly
        from features.prices.registry import configured  # noqa: PLC0415 — as above

        if not foundation.settings.price_providers:
            raise NoProvider
        with configured(foundation.settings, foundation.database) as providers:
            submission = submit(connection, call.org_id, inputs.order(), foundation.universes, providers)
        return Started(submission.job.id)

    return (Capability("refresh", "Bring the prices of tickers up to date, as a job.", RefreshRequest, Starts(start, _answer), FETCHES),)


def _answer(connection: Connection, call: Call, inputs: RefreshRequest, job: Job) -> dict[str, Any]:
    return {"job_id": job.id, "status": job.status, "total": job.total, "succeeded": job.succeeded, "failed": job.failed}
