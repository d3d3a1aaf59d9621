"""Errors of evidence."""

from __future__ import annotations

from models.errors import NotFound


class EvidenceNotFound(NotFound):
    """Nobody has asked for this evidence yet."""

    code = "evidence_not_found"

    def __init__(self, strategy: str, universe: str) -> None:
        super().__init__(
            f"There is no evidence of the strategy {strategy} over the universe '{universe}' yet. "
            f'Compute it with POST /api/v1/evidence {{"strategy": "{strategy}", "universe": "{universe}"}}, which takes seconds to minutes.'
        )


class JobWithoutEvidence(NotFound):
    """The job has counted nothing."""

    code = "evidence_not_found"

    def __init__(self) -> None:
        super().__init__(
            "There is no evidence of this job: it counted no universe, was cancelled, or is too old. POST /api/v1/evidence makes it anew."
        )


class EvidencePending(NotFound):
    """The evidence is being computed."""

    code = "evidence_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"There is no evidence yet: the job {job_id} is computing it. See GET /api/v1/jobs/{job_id}, and ask when it has ended."
        )
