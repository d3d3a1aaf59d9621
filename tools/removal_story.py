"""The calls of exports and removals whose requests and answers are examples of the OpenAPI document."""

from __future__ import annotations

from tools.api_recorder import Recorder

LEO, PASSWORD, WRONG = "leo@example.com", "four plain words here", "four other words then"


def tell_of_removals(call: Recorder, operators: str) -> None:
    """Call the operations as somebody who removes an organization of theirs, and then themselves; the last operator stays.

    `operators` is the access token of an operator.
    """
    with call.as_person(operators):
        call("remove_own_organization", body={"confirm": "Default", "password": PASSWORD})
        call("remove_me", body={"confirm": "ada@example.org", "password": PASSWORD})
    call("register", body={"email": LEO, "name": "Leo", "password": PASSWORD})
    signed_in = call("log_in", body={"email": LEO, "password": PASSWORD})
    with call.as_person(signed_in["access_token"]):
        call("remove_own_organization", body={"dry_run": True})
        call("remove_own_organization", body={"confirm": "Leo", "password": PASSWORD})
        call("export_own_organization")
        call("remove_own_organization", body={"confirm": "Leo", "password": WRONG})
        call("remove_own_organization", body={"confirm": "Leo", "password": PASSWORD})
        call("remove_me", body={"dry_run": True})
        call("export_me")
        call("remove_me", body={"confirm": LEO, "password": PASSWORD})
