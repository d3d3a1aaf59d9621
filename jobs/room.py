"""How many jobs of an organization may be open, queued or running, at once. Those that the service queues for itself do not count."""

from __future__ import annotations

from sqlalchemy import Connection

from infrastructure.foundation import Foundation
from infrastructure.limits import lock_organization
from jobs.store import job as job_store
from models.limits import OpenJobsLimit


def require_room(connection: Connection, org_id: int, foundation: Foundation) -> None:
    """Refuse what was queued within the transaction, if an organization has more open jobs than it may by it. Raises OpenJobsLimit.

    Counted afterwards, so that a request for a job that is active already is no more work.
    """
    most = foundation.limits.quantities_in(connection, org_id).open_jobs
    if most is None:
        return
    lock_organization(connection, org_id)
    if job_store.count_open(connection, org_id, foundation.background_kinds) > most:
        raise OpenJobsLimit(most)
