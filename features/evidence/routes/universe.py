"""POST /evidence and GET /evidence: the record of a strategy over a universe."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response, wants_csv
from api.flags import require_flag
from api.heavy import hold_slot
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.schemas import SubmitHeaders
from api.services import services
from features.evidence.calibrations import Reading, find_universe
from features.evidence.evidence_csv import universe_csv
from features.evidence.flags import EVIDENCE as FLAG
from features.evidence.routes.tags import EVIDENCE
from features.evidence.schemas.universe import (
    ActiveEvidenceJobAnswer,
    EvidenceJobAnswer,
    UniverseEvidenceAnswer,
    UniverseEvidenceQuery,
    UniverseEvidenceRequest,
)
from features.evidence.universe_jobs import submit
from features.strategies.service import finder, known_finder
from jobs.flags import BULK_JOBS
from jobs.schemas import job_answer
from jobs.submission import location_of, submit_job
from models.access import Scope
from utils.api_utils import json_response, tagged
from utils.json_text import dump, parse_tolerant

blueprint = api_blueprint("universe_evidence", EVIDENCE)


@blueprint.post(
    "/evidence",
    responses={202: EvidenceJobAnswer, 200: ActiveEvidenceJobAnswer},
    problems=(*BODY_PROBLEMS, "universe_not_found", "conflict", "idempotency_mismatch", "organization_limit", "feature_disabled"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def compute_evidence(header: SubmitHeaders, body: UniverseEvidenceRequest) -> Response:
    """Queue a job that computes the record of a strategy over many tickers; once it has ended, GET /evidence answers.

    If an active job does the same, it is returned instead, unless `force` is set.
    """
    require_flag(FLAG)
    require_flag(BULK_JOBS)
    order = body.order(finder(services().database, org_id()))
    return submit_job(header.idempotency_key, lambda connection: submit(connection, org_id(), order, services().universes))


@blueprint.get(
    "/evidence",
    responses={200: UniverseEvidenceAnswer, 202: EvidenceJobAnswer},
    problems=("evidence_not_found", "universe_not_found"),
    sends=("ETag", "Content-Disposition"),
    sends_with={202: ("Location",)},
)
def get_universe_evidence(query: UniverseEvidenceQuery) -> Response:
    """What came after the scores and verdicts of a strategy over a universe.

    By tenths of the score and by verdict, with intervals: the newest that a job has computed; 202 and the job while there is none but one
    that runs. `If-None-Match` is honoured. With `Accept: text/csv` it is a file with a row for each horizon and each decile or verdict.
    """
    parts = services()
    found = find_universe(
        Reading(parts.database, org_id(), hold_slot), query.wanted(known_finder(parts.database, org_id())), parts.universes
    )
    if found.body is None:
        assert found.job is not None
        return json_response(job_answer(found.job, services().stalls.situation(org_id())), 202, {"Location": location_of(found.job)})
    if wants_csv():
        response = tagged(csv_response(universe_csv(parse_tolerant(found.body)), f"evidence-{query.strategy}.csv"), None)
    else:
        job = None if found.job is None else job_answer(found.job, services().stalls.situation(org_id()))
        response = tagged(found.body.encode()[:-1] + b',"job":' + dump(job) + b"}")
    response.vary.add("Accept")
    return response
