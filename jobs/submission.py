"""The submission of jobs of any kind over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.idempotency import Answer
from api.repeatable import answer_once
from api.services import services
from infrastructure.sql.transaction import after_commit
from jobs.room import require_room
from jobs.schemas import job_answer
from jobs.service import Submission, Submit
from models.job import Job
from utils.json_text import dump


def submit_job(idempotency_key: str | None, submit: Submit) -> Response:
    """Queue a job by `submit`, once for each Idempotency-Key, and wake the workers after the commit.

    Answers 202 with the new job, or 200 with the active job that already does the same work. Raises OpenJobsLimit.
    """
    situation = services().stalls.situation(org_id())  # read before the transaction, which holds a connection

    def answer(connection: Connection) -> Answer:
        submission = submit(connection)
        job = submission.job
        if not submission.is_new:
            return Answer(200, location_of(job), dump({**job_answer(job, situation), "deduplicated": True}).decode())
        require_room(connection, org_id(), services().foundation)
        body = dump(job_answer(job, situation)).decode()
        after_commit(connection, lambda: services().wakeup.wake_workers(job.id, job.lane))
        return Answer(202, location_of(job), body)

    return answer_once(idempotency_key, answer)


def submit_jobs(idempotency_key: str | None, submit: Callable[[Connection], Sequence[Submission]]) -> Response:
    """Queue jobs by `submit`, once for each Idempotency-Key, and wake the workers after the commit.

    Answers with a list of the jobs: 202 if one of them is new, else 200. Raises OpenJobsLimit.
    """
    situation = services().stalls.situation(org_id())  # as above

    def answer(connection: Connection) -> Answer:
        submissions = submit(connection)
        new = [submission.job for submission in submissions if submission.is_new]
        if new:
            require_room(connection, org_id(), services().foundation)

        def wake() -> None:
            for job in new:
                services().wakeup.wake_workers(job.id, job.lane)

        after_commit(connection, wake)
        body = dump({"items": [job_answer(submission.job, situation) for submission in submissions]}).decode()
        return Answer(202 if new else 200, None, body)

    return answer_once(idempotency_key, answer)


def location_of(job: Job) -> str:
    """The URL path of a job."""
    return f"/api/v1/jobs/{job.id}"
