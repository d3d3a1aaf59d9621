"""`/metrics` for Prometheus."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request

from api.authentication import is_authenticated
from api.marks import public, unlimited
from api.services import services
from config import Settings
from infrastructure.metrics import CONTENT_TYPE
from utils.api_utils import ApiError

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@public
@unlimited
def get_metrics() -> Response:
    """The metrics of this instance's processes. Needs METRICS_TOKEN as bearer token, or an API key."""
    parts = services()
    if not parts.settings.metrics_enabled:
        raise ApiError(404, "not_found", "Metrics are switched off (METRICS_ENABLED).")
    if not (_has_token(parts.settings) or is_authenticated()):
        detail = "Send METRICS_TOKEN or an API key as Authorization: Bearer …."
        raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})
    parts.metrics.pool(parts.database)
    return Response(parts.metrics.exposition([parts.collector]), content_type=CONTENT_TYPE)


def _has_token(settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode())
