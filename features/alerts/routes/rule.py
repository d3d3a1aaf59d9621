"""Alert rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from pydantic import ValidationError

from api.authentication import actor_id, org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.schemas import LongPageQuery
from api.services import services
from features.alerts import service
from features.alerts.flags import ALERTS as ALERTS_FLAG
from features.alerts.routes.tags import ALERTS
from features.alerts.schemas.rule import (
    AlertRuleAnswer,
    AlertRuleChangeRequest,
    AlertRulePage,
    AlertRulePath,
    AlertStatePage,
    NewAlertRuleRequest,
    PreviewAnswer,
    StatesQuery,
    TriedAnswer,
    TryRequest,
)
from features.alerts.service import Author, Subject, Told
from features.alerts.store import rule as rule_store
from features.alerts.store import state as state_store
from features.alerts.watching import holds
from features.portfolios.valuing import Valuer
from infrastructure.audit import note
from models.access import Scope
from models.alert import AlertRule, RuleDraft, Standing, StateKey, StateName
from utils.api_utils import json_response, validation_problem

blueprint = api_blueprint("alert_rules", ALERTS)
CHANGE_PROBLEMS = (*BODY_PROBLEMS, "not_found", "universe_not_found", "conflict")


@blueprint.get("/alert-rules", responses={200: AlertRulePage})
def list_alert_rules(query: LongPageQuery) -> Response:
    """The alert rules, in the order in which they were made."""
    after = read_cursor(query.cursor, ["alert-rules"])
    with services().database.read() as connection:
        rules = rule_store.list_rules(connection, org_id(), after[0] if after else "", query.limit + 1)
        counts = state_store.count_of_rules(connection, org_id())
        items, cursor = page(rules, query.limit, ["alert-rules"], lambda rule: [rule.id])
        told = service.tell_of_rules(connection, _author(), items)
    answers = [_answer(rule, each, counts.get(rule.id, {})) for rule, each in zip(items, told, strict=True)]
    return json_response({"items": answers, "next_cursor": cursor})


@blueprint.post("/alert-rules", responses={201: AlertRuleAnswer}, problems=(*CHANGE_PROBLEMS, "feature_disabled"), sends=("Location",))
@needs(Scope.MANAGE)
def create_alert_rule(body: NewAlertRuleRequest) -> Response:
    """Make an alert rule. Changes are told that come after it: what is so already is not."""
    require_flag(ALERTS_FLAG)
    looks = service.first_looks(services().database, _author(), _valuer(), body.draft())
    with services().database.transaction() as connection:
        rule = service.create_rule(connection, _author(), body.draft(), looks)
        note(connection, target=f"alert-rules/{rule.id}")
        answer = _answer_of(connection, rule)
    return json_response(answer, 201, {"Location": f"/api/v1/alert-rules/{rule.id}"})


@blueprint.post("/alert-rules/preview", responses={200: PreviewAnswer}, problems=CHANGE_PROBLEMS)
@needs(Scope.READ)
def preview_alert_rule(body: NewAlertRuleRequest) -> Response:
    """Show what a rule would see now, without storing it."""
    return json_response(service.preview_rule(services().database, _author(), body.draft(), _valuer()))


@blueprint.get("/alert-rules/<rule_id>", responses={200: AlertRuleAnswer}, problems=("not_found",))
def get_alert_rule(path: AlertRulePath) -> Response:
    """One alert rule."""
    with services().database.read() as connection:
        return json_response(_answer_of(connection, service.find_rule(connection, org_id(), path.rule_id)))


@blueprint.patch("/alert-rules/<rule_id>", responses={200: AlertRuleAnswer}, problems=CHANGE_PROBLEMS)
@needs(Scope.MANAGE)
def change_alert_rule(path: AlertRulePath, body: AlertRuleChangeRequest) -> Response:
    """Change an alert rule. Where it watches something else afterwards, it begins anew from where things stand now."""
    database = services().database
    with database.reader() as reader:
        seen = service.find_rule(reader, org_id(), path.rule_id)
    looks = service.first_looks(database, _author(), _valuer(), _changed(body, seen), seen.draft)
    with database.transaction() as connection:
        former = service.find_rule(connection, org_id(), path.rule_id)
        rule = service.change_rule(connection, _author(), path.rule_id, _changed(body, former), looks)
        note(connection, before=former.draft, after=rule.draft)
        return json_response(_answer_of(connection, rule))


@blueprint.delete("/alert-rules/<rule_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_alert_rule(path: AlertRulePath) -> Response:
    """Delete an alert rule, and where it stands with its tickers. What it told stays in the inbox."""
    with services().database.transaction() as connection:
        note(connection, before=service.find_rule(connection, org_id(), path.rule_id).draft)
        service.delete_rule(connection, org_id(), path.rule_id)
    return Response(status=204)


@blueprint.get("/alert-rules/<rule_id>/states", responses={200: AlertStatePage}, problems=("not_found",))
def list_alert_states(path: AlertRulePath, query: StatesQuery) -> Response:
    """Where a rule stands with each of its tickers, by ticker."""
    scope = ["alert-states", path.rule_id, query.state]
    after = read_cursor(query.cursor, scope)
    key = StateKey(path.rule_id, *(after or ("", "")))
    with services().database.read() as connection:
        rule = service.find_rule(connection, org_id(), path.rule_id)
        rows = state_store.list_of_rule(connection, org_id(), key, StateName(query.state) if query.state else None, query.limit + 1)
        items, cursor = page(rows, query.limit, scope, lambda row: [row[0].subject, row[0].strategy])
        subjects = service.subjects_of(connection, rule, [key for key, _ in items])
    states = [_state(rule, key, standing, subject) for (key, standing), subject in zip(items, subjects, strict=True)]
    return json_response({"items": states, "next_cursor": cursor})


@blueprint.post("/alert-rules/<rule_id>/test", responses={200: TriedAnswer}, problems=(*BODY_PROBLEMS, "not_found"))
@needs(Scope.MANAGE)
def test_alert_rule(path: AlertRulePath, body: TryRequest) -> Response:
    """Show what a rule would see now; with `send`, its channels get a message that says that it is a test."""
    return json_response(service.try_rule(services().database, _author(), path.rule_id, _valuer(), sends=body.send))


def _changed(body: AlertRuleChangeRequest, former: AlertRule) -> RuleDraft:
    """A rule as it is to be. Raises a problem where that is none."""
    try:
        return NewAlertRuleRequest.model_validate(body.applied_to(former)).draft()
    except ValidationError as error:
        raise validation_problem(error) from error


def _author() -> Author:
    return Author(org_id(), actor_id(), services().universes, known=services().foundation.known)


def _valuer() -> Valuer:
    return services().foundation.part(Valuer.of)


def _answer_of(connection: Any, rule: AlertRule) -> dict[str, Any]:
    (told,) = service.tell_of_rules(connection, _author(), [rule])
    return _answer(rule, told, state_store.count_of_rules(connection, rule.org_id).get(rule.id, {}))


def _answer(rule: AlertRule, told: Told, counts: Mapping[str, int]) -> dict[str, Any]:
    draft = vars(rule.draft)
    return {
        "id": rule.id,
        **{name: value for name, value in draft.items() if name != "strategies"},
        "strategy": rule.draft.strategies or None,
        "sentence": told.sentence,
        "faults": told.faults,
        "states": {str(state): counts.get(str(state), 0) for state in StateName},
        **{name: value for name, value in vars(rule).items() if name not in ("id", "org_id", "draft")},
    }


def _state(rule: AlertRule, key: StateKey, standing: Standing, subject: Subject) -> dict[str, Any]:
    shown = {name: getattr(standing, name) for name in ("state", "since", "day", "value")}
    return {"ticker": key.subject, **vars(subject), "strategy": key.strategy or None, **shown, "holds": holds(rule.draft, standing)}
