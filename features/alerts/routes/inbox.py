"""The inbox: what rules told."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.services import services
from features.alerts import service
from features.alerts.routes.tags import ALERTS
from features.alerts.schemas.inbox import AlertAnswer, AlertPage, AlertPath, AlertsQuery, ReadAllAnswer, ReadAllRequest, UnreadAnswer
from features.alerts.store import alert as alert_store
from features.alerts.store.alert import AlertFilter
from models.access import Scope
from models.alert import Alert
from utils.api_utils import json_response, tagged

blueprint = api_blueprint("alerts", ALERTS)


@blueprint.get("/alerts", responses={200: AlertPage})
def list_alerts(query: AlertsQuery) -> Response:
    """What rules told, newest first. Alerts are kept for a year, also when their rule is deleted."""
    wanted = AlertFilter(query.unread, query.rule, query.ticker)
    scope = ["alerts", query.unread, query.rule, query.ticker]
    after = read_cursor(query.cursor, scope)
    with services().database.reader() as connection:
        rows = alert_store.list_alerts(connection, org_id(), wanted, after[0] if after else None, query.limit + 1)
    items, cursor = page(rows, query.limit, scope, lambda alert: [alert.id])
    return json_response({"items": [_answer(alert) for alert in items], "next_cursor": cursor})


@blueprint.get("/alerts/unread-count", responses={200: UnreadAnswer}, sends=("ETag",))
def count_unread_alerts() -> Response:
    """How many alerts are unread. `If-None-Match` is honoured, so that asking again costs little."""
    with services().database.reader() as connection:
        unread, newest = alert_store.count_unread(connection, org_id())
    return tagged({"unread": unread, "newest": newest})


@blueprint.post("/alerts/<alert_id>/read", responses={200: AlertAnswer}, problems=("not_found",))
@needs(Scope.ANALYSE)
def mark_alert_read(path: AlertPath) -> Response:
    """Mark an alert as read."""
    return json_response(_answer(service.mark(services().database, org_id(), path.alert_id, is_read=True)))


@blueprint.post("/alerts/<alert_id>/unread", responses={200: AlertAnswer}, problems=("not_found",))
@needs(Scope.ANALYSE)
def mark_alert_unread(path: AlertPath) -> Response:
    """Mark an alert as unread."""
    return json_response(_answer(service.mark(services().database, org_id(), path.alert_id, is_read=False)))


@blueprint.post("/alerts/read-all", responses={200: ReadAllAnswer}, problems=BODY_PROBLEMS)
@needs(Scope.ANALYSE)
def mark_all_alerts_read(body: ReadAllRequest) -> Response:
    """Mark all unread alerts as read. With `through`, those that came after that one stay unread."""
    return json_response({"read": service.mark_all_read(services().database, org_id(), body.through)})


def _answer(alert: Alert) -> dict[str, Any]:
    return {name: value for name, value in vars(alert).items() if name != "org_id"}
