"""The pages: shells whose scripts load the data from the API."""

from __future__ import annotations

import mimetypes
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request

from api.marks import public, signs_in_at, unlimited
from api.request_state import request_state
from api.services import services
from config import VERSION
from features.accounts.routes.common import accounts
from infrastructure.exchanges import exchanges
from models.access import Principal, Scope
from models.ticker import normalize_ticker
from utils.api_utils import ApiError, tagged
from web.assets import Assets
from web.people import ACCOUNT, signed_in

FOLDER = Path(__file__).parent
LOGIN = "/login"
ONE_DAY, ONE_YEAR = 86_400, 31_536_000
PLAIN = ("/api/", "/health", "/metrics", "/static/", "/docs", "/openapi.json")  # for programs: errors here are never HTML

assets = Assets(FOLDER / "static")
blueprint = Blueprint("web", __name__, template_folder="templates")


@blueprint.app_context_processor
def _for_every_page() -> dict[str, object]:
    state = request_state()
    session, principal = state.session, state.principal
    is_admin = principal is not None and principal.is_operator
    return {
        "asset": assets.url,
        "version": VERSION,
        "csrf_token": session.csrf_token if session else "",
        "account": _account(principal) if principal else "",
        "is_admin": is_admin,
        "has_passkeys": accounts().passkeys.party is not None,
        "reads_audit": is_admin or (principal is not None and Scope.ADMIN in principal.scopes),
        "administers": is_admin or (principal is not None and Scope.ADMIN in principal.scopes),
        "signed_in": signed_in,
        "here": request.path,
    }


def _account(principal: Principal) -> str:
    """Whose page it is, and with which rights: it is made anew for another one (js/session.js has the same words)."""
    rights = "operator" if principal.is_operator else principal.role or ""
    return f"{principal.org_id} {principal.user_id or 'key'} {rights}"


@blueprint.get("/")
@signs_in_at(LOGIN)
def show_overview() -> str:
    """The watchlist with its latest verdicts."""
    return render_template("overview.html")


@blueprint.get("/tickers/<ticker>")
@signs_in_at(LOGIN)
def show_ticker(ticker: str) -> str:
    """One ticker: chart, verdict, votes."""
    with suppress(ValueError):
        request_state().ticker = normalize_ticker(ticker)
    return render_template("ticker.html", ticker=ticker)


@blueprint.get("/screener")
@signs_in_at(LOGIN)
def show_screener() -> str:
    """The latest result of every ticker, filtered and sorted."""
    return render_template("screener.html")


@blueprint.get("/tasks")
@signs_in_at(LOGIN)
def show_tasks() -> str:
    """Jobs with their progress."""
    return render_template("tasks.html")


@blueprint.get("/reports")
@signs_in_at(LOGIN)
def show_reports() -> str:
    """Excel reports of stored results."""
    return render_template("reports.html")


@blueprint.get("/prices")
@signs_in_at(LOGIN)
def show_prices() -> str:
    """Stored prices and uploads."""
    settings = services().settings
    return render_template("prices.html", most_upload_bytes=settings.max_upload_bytes, most_import_bytes=settings.max_import_bytes)


@blueprint.get("/pipelines")
@signs_in_at(LOGIN)
def show_pipelines() -> str:
    """Pipelines, their runs with what became of each step, and workflows."""
    return render_template("pipelines.html")


@blueprint.get("/universes")
@signs_in_at(LOGIN)
def show_universes() -> str:
    """Sets of tickers under a name."""
    return render_template("universes.html")


@blueprint.get("/news")
@signs_in_at(LOGIN)
def show_news() -> str:
    """Feeds and what they tell, macroeconomic series and the regime."""
    return render_template("news.html")


@blueprint.get("/schedules")
@signs_in_at(LOGIN)
def show_schedules() -> str:
    """What is done when by itself, and what became of it."""
    return render_template("schedules.html", calendars=[(exchange.mic, exchange.name) for exchange in exchanges().values()])


@blueprint.get("/channels")
@signs_in_at(LOGIN)
def show_channels() -> str:
    """Where messages go, and what became of them."""
    return render_template("channels.html")


@blueprint.get("/evidence")
@signs_in_at(LOGIN)
def show_evidence() -> str:
    """The record of a strategy over a universe."""
    return render_template("evidence.html")


@blueprint.get("/risk")
@signs_in_at(LOGIN)
def show_risk() -> str:
    """What holding a ticker was like."""
    return render_template("risk.html")


@blueprint.get("/indices")
@signs_in_at(LOGIN)
def show_indices() -> str:
    """Rule-based indexes: their levels, members and rebalancings."""
    return render_template("indices.html")


@blueprint.get("/portfolios")
@signs_in_at(LOGIN)
def show_portfolios() -> str:
    """The portfolios, or one of them by `id`."""
    return render_template("portfolios.html")


@blueprint.get("/alerts")
@signs_in_at(LOGIN)
def show_alerts() -> str:
    """What rules told, and the rules."""
    return render_template("alerts.html")


@blueprint.get("/audit")
@signs_in_at(LOGIN)
def show_audit_log() -> str:
    """Who changed what and who signed in, for administrators."""
    return render_template("audit.html")


@blueprint.get("/diagnostics")
@signs_in_at(LOGIN)
def show_diagnostics() -> str:
    """Health, flags, cache and status, for operators."""
    return render_template("diagnostics.html")


@blueprint.get("/docs/runbook")
@public
def show_runbook() -> Response:
    """What to do about each alert and symptom. Public, like the API's documentation, because it is needed most while nobody can sign in."""
    response = tagged(Response(render_template("runbook.html"), mimetype="text/html"), assets.build)
    response.headers["Cache-Control"] = "public, no-cache"  # it changes with the version
    return response


@blueprint.get("/static/<build>/<path:name>")
@public
@unlimited
def get_asset(build: str, name: str) -> Response:
    """A static file. The build is in its URL, so browsers may cache it, and do not mix two builds."""
    content = assets.read(name)
    if content is None:
        abort(404)
    response = Response(content, mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream")
    if build == assets.build:
        response.cache_control.public = True
        response.cache_control.max_age = ONE_YEAR
        response.cache_control.immutable = True
    else:
        response.cache_control.no_store = True  # requested by a page of another build, during a deploy
    return response


@blueprint.get("/favicon.ico")
@public
@unlimited
def get_icon() -> Response:
    """The icon, at the URL that browsers request by default."""
    response = get_asset(assets.build, "icon.svg")
    response.headers["Cache-Control"] = f"public, max-age={ONE_DAY}"  # this URL does not change with the build
    return response


def error_page(error: ApiError) -> Response | None:
    """An HTML page of an error, for requests of a browser's address bar; None for clients that get problem+json.

    It does not use the database, which may be the cause of the error.
    """
    takes_html = any(accepted.lower() == "text/html" for accepted, _ in request.accept_mimetypes)
    if request.method not in ("GET", "HEAD") or not takes_html or request.path.startswith(PLAIN):
        return None
    caller = request_state().principal
    if error.status == HTTPStatus.FORBIDDEN and caller is not None and caller.is_in_person and caller.role is None:
        return Response(status=303, headers={"Location": ACCOUNT})  # they have left the organization, and choose another one there
    seconds = error.headers.get("Retry-After") if error.status == HTTPStatus.TOO_MANY_REQUESTS else None
    known = {"status": error.status, "detail": error.detail, "request_id": request_state().request_id}
    page = render_template("error.html", **known, retry_after=seconds)
    return Response(page, error.status, error.headers, mimetype="text/html")
