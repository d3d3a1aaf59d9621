"""The calls of organizations whose requests and answers are examples of the OpenAPI document: members, and invitations to join."""

from __future__ import annotations

from tools.api_recorder import Recorder

NO_ID = "019aa3b2-7a1e-7c8e-8a55-ffffffffffff"
GRACE, PASSWORD = "grace@example.com", "four plain words here"
REPEATED = range(2)  # a request and its repetition, which gets the same answer


def tell_of_organizations(call: Recorder, signed_in: str) -> None:
    """Call the operations of organizations, with the master key and as somebody who is signed in."""
    with call.as_person(signed_in):
        call("list_organizations")
        for _ in REPEATED:
            call("create_organization", body={"name": "The Lovelaces"}, header={"Idempotency-Key": "2026-11-20-organization"})
    call("get_organization")
    call("change_organization", body={"name": "Default"})
    call("look_at_invitation", body={"token": _invitation(call)})
    joined = _join(call)
    call("list_organization_members")
    call("get_member", user_id=joined)
    call("change_member", user_id=joined, body={"role": "analyst"})
    call("change_member", user_id=NO_ID, body={"role": "viewer"})
    call("set_member_limits", user_id=joined, body={"reads_per_minute": 60})
    call("set_member_limits", user_id=joined, body={"reads_per_minute": 10**9})
    call("get_member_limits", user_id=joined)
    call("set_member_limits", user_id=joined, body={})
    call("remove_organization_member", user_id=joined)
    call("remove_organization_member", user_id=joined)
    _switch(call)


def _switch(call: Recorder) -> None:
    """Switch features of an organization, as its administrator and as an operator."""
    of, why = "1", "Until the file is checked."
    call("list_every_organization")
    call("get_any_organization", organization_id=of)
    call("get_any_organization", organization_id="999")
    call("set_organization_flag", body={"enabled": False, "reason": why}, name="uploads")
    call("list_organization_flags")
    call("get_organization_flag", name="uploads")
    call("set_flag_of_organization", body={"enabled": False, "reason": "The organization asks for it."}, name="uploads", organization_id=of)
    call("set_organization_flag", body={"enabled": True}, name="uploads")
    call("set_organization_flag", body={"enabled": False}, name="macro")
    call("set_flag_of_organization", body={"enabled": True}, name="uploads", organization_id=of)
    call("set_limits_of_organization", body={"members": 50, "stored_bytes": 10**9, "open_jobs": 20}, organization_id=of)
    call("get_limits_of_organization", organization_id=of)
    call("get_organization_limits")
    call("set_limits_of_organization", body={}, organization_id=of)
    call("list_flags_of_organization", organization_id=of)
    call("get_flag_of_organization", name="uploads", organization_id=of)


def invited(call: Recorder, email: str) -> str:
    """The token of an invitation for an address."""
    return str(call("create_invitation", body={"email": email, "role": "viewer"})["url"]).partition("#")[2]


def _invitation(call: Recorder) -> str:
    wanted = {"email": GRACE, "role": "viewer"}
    url = str(call("create_invitation", body=wanted, header={"Idempotency-Key": "2026-11-20-invitation"})["url"])
    call("create_invitation", body=wanted, header={"Idempotency-Key": "2026-11-20-invitation"})
    other = call("create_invitation", body={"email": "linus@example.com", "role": "admin"})
    call("list_open_invitations")
    call("revoke_open_invitation", invitation_id=other["id"])
    call("revoke_open_invitation", invitation_id=other["id"])
    return url.partition("#")[2]


def _join(call: Recorder) -> str:
    token = invited(call, GRACE)
    call("look_at_invitation", body={"token": NO_ID})
    joined = call("join_organization", body={"token": token, "name": "Grace", "password": PASSWORD})
    call("join_organization", body={"token": token, "name": "Grace", "password": PASSWORD})
    return str(joined["user_id"])
