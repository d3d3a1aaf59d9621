"""The evening run, set up by one request."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id
from api.blueprint import Tag, api_blueprint
from api.idempotency import Answer
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.repeatable import Secret, answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.deliveries.channels import caller_of
from features.deliveries.schemas.channel import channel_answer
from features.evening.schemas import EveningRunAnswer, EveningRunRequest
from features.evening.service import refreshes, set_up
from features.schedules.schemas import schedule_answer
from features.schedules.service import Starter, author
from models.access import Scope
from utils.json_text import dump

EVENING = Tag("Evening run", "Prices, analyses and one message with what changed, every trading day, set up by one request.")
blueprint = api_blueprint("evening_run", EVENING)
HIDDEN = "secret"  # the field of the first answer alone


@blueprint.post(
    "/evening-run",
    responses={201: EveningRunAnswer},
    problems=(*BODY_PROBLEMS, "not_found", "universe_not_found", "conflict", "idempotency_mismatch", "feature_disabled"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def set_up_evening_run(header: SubmitHeaders, body: EveningRunRequest) -> Response:
    """Every trading day after a close: refresh prices, analyse, and send one message with the verdicts that changed.

    Makes a schedule of the pipeline `evening_digest` and, where wanted, a channel: both or neither. `Location` is the schedule.
    """
    foundation = services().foundation
    wanted = body.wanted(refreshes(body.refresh, foundation.settings))
    secret = None

    def create(connection: Connection) -> Answer:
        nonlocal secret
        caller = caller_of(org_id(), actor_id(), foundation.settings)
        made = set_up(connection, caller, wanted, Starter(foundation, services().wakeup), author(connection, actor_id()))
        secret = made.secret
        answer = {
            "schedule": schedule_answer(made.schedule),
            "channels": [channel_answer(each, whole=True) for each in made.channels],
            "refreshes": wanted.refresh,
            HIDDEN: None,
        }
        return Answer(201, f"/api/v1/schedules/{made.schedule.id}", dump(answer).decode())

    return answer_once(header.idempotency_key, create, Secret(HIDDEN, lambda: secret))
