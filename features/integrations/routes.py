"""Integrations over HTTP."""

from __future__ import annotations

from flask import Response

from api.authentication import principal
from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import needs, operators, operators_too
from api.rate_limit import Budget, budget
from api.services import services
from features.integrations.schemas import (
    IntegrationList,
    IntegrationPath,
    IntegrationQuery,
    TestedIntegrationAnswer,
    integration_answer,
    tested_answer,
)
from features.integrations.service import Trials, own_address
from features.integrations.service import list_integrations as integrations_of
from infrastructure.integration import Wish
from models.access import Scope
from utils.api_utils import json_response

blueprint = api_blueprint("integration", ADMINISTRATION)


@blueprint.get("/integrations", responses={200: IntegrationList}, problems=("forbidden",))
@needs(Scope.ADMIN)
@operators_too
def list_integrations() -> Response:
    """What the service is connected to, whether it is set up, how it stands, and what to set where it is not. Reading it calls none.

    Administrators see the channels, feeds and keys of their organization, and of the installation whether a thing is there; operators see
    the installation's in full.
    """
    own = services()
    with own.database.reader() as reader:
        found = integrations_of(own.foundation, reader, principal())
    return json_response({"items": [integration_answer(each) for each in found]})


@blueprint.post(
    "/integrations/<name>/test", responses={200: TestedIntegrationAnswer}, problems=("forbidden", "not_found", "conflict", "rate_limited")
)
@operators
@budget(Budget.TESTS)
def test_integration(path: IntegrationPath, query: IntegrationQuery) -> Response:
    """Try an integration of the installation for real, within 15 seconds. That it does not work is an answer with the status 200.

    A provider of prices is asked for one ticker, which counts among its calls, and nothing of the answer is stored; a mail server gets the
    beginning of an e-mail that is not sent, or with `message` an e-mail to whoever asks; the storage a small file that is deleted again.
    Channels have a test of their own.
    """
    address = own_address(services().database, principal()) if query.message else None
    tested = services().foundation.part(Trials).run(path.name, Wish(query.ticker, address))
    return json_response(tested_answer(tested))
