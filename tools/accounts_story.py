"""The calls of accounts whose requests and answers are examples of the OpenAPI document: people who sign in, and what they set up."""

from __future__ import annotations

import time
from typing import Any

from pyotp import TOTP

from api.authentication import SESSION_COOKIE
from features.accounts.routes.common import accounts
from features.accounts.users import NewUser, create_admin
from tools.api_recorder import Recorder
from tools.organizations_story import invited, tell_of_organizations
from tools.passkeys_story import tell_of_passkeys
from tools.removal_story import tell_of_removals

NO_ID = "019aa3b2-7a1e-7c8e-8a55-ffffffffffff"
ADA, MARIA = "ada@example.com", "maria@example.com"
FIRST, SECOND = "four plain words here", "four other words then"


def tell_of_accounts(call: Recorder) -> None:
    """Call every operation of accounts; the caller has the master key before and after."""
    with call.app.app_context():
        create_admin(accounts(), NewUser(ADA, "Ada", FIRST))
    call("register", body={"email": MARIA, "name": "Maria", "password": FIRST})
    call("log_in", body={"email": ADA, "password": SECOND})
    tokens = call("log_in", body={"email": ADA, "password": FIRST})
    call("refresh_tokens", body={"refresh_token": tokens["refresh_token"]})
    call("refresh_tokens", body={"refresh_token": tokens["refresh_token"]})
    other = call("log_in", body={"email": ADA, "password": FIRST})
    with call.as_person(other["access_token"]):
        _own_account(call)
        _second_factor(call)
        tell_of_passkeys(call, SECOND)
    _another_tab(call)
    tell_of_organizations(call, other["access_token"])
    tell_of_removals(call, other["access_token"])
    _people(call)
    call("forgot_password", body={"email": "nobody@example.com"})
    token = invited(call, MARIA)
    with call.as_person(call("log_in", body={"email": MARIA, "password": SECOND})["access_token"]):
        call("join_organization", body={"token": token})
        call("list_audit", query={"all": "true"})
        call("log_out")
    entry = call("list_audit", query={"action": "create_api_key", "limit": 2})["items"][0]
    call("list_audit", query={"target": entry["target"]}, header={"Accept": "text/csv"})


def _own_account(call: Recorder) -> None:
    me = call("get_me")
    call("change_me", body={"name": "Ada L."})
    call("change_me", body={"email": "ada@example.org"})
    call("list_sessions")
    call("end_session", session_id=NO_ID)
    call("end_other_sessions")
    call("set_password", body={"current": FIRST, "new": "password"})
    call("set_password", body={"current": FIRST, "new": SECOND, "end_others": False})
    call("choose_organization", body={"organization_id": me["organization"]["id"]})
    call("choose_organization", body={"organization_id": 2})
    wanted = {"name": "Notebook", "scopes": ["read", "analyse"], "expires_at": "2036-01-01T00:00:00Z"}
    for _ in range(2):
        call("create_own_key", body=wanted, header={"Idempotency-Key": "2026-11-20-own-key"})
    key = call("create_own_key", body={"name": "Phone"})
    call("list_own_keys")
    call("get_own_key", key_id=key["id"])
    call("revoke_own_key", key_id=key["id"])
    call("connect_identity", body={"provider": "openid"})
    call("list_own_identities")
    call("disconnect_identity", identity_id=NO_ID)
    call("get_session")


def _second_factor(call: Recorder) -> None:
    call("replace_recovery_codes", body={"password": SECOND})
    begun = call("begin_totp", body={"password": SECOND})
    codes = call("confirm_totp", body={"code": TOTP(begun["secret"]).at(time.time() - 30)})["recovery_codes"]
    call("begin_totp", body={"password": SECOND})
    call("replace_recovery_codes", body={"password": FIRST})
    challenge = call("log_in", body={"email": ADA, "password": SECOND})["challenge"]
    call("log_in_with_code", body={"challenge": challenge, "code": codes[0]})
    call("log_in_with_code", body={"challenge": challenge, "code": TOTP(begun["secret"]).at(time.time() - 30)})
    call("log_in_with_code", body={"challenge": challenge, "code": TOTP(begun["secret"]).at(time.time())})
    call("replace_recovery_codes", body={"password": SECOND})
    call("remove_totp", body={"password": SECOND})


def _another_tab(call: Recorder) -> None:
    """A page that was made for another organization than its session acts for."""
    call.http.post("/login", data={"email": ADA, "password": SECOND})
    call("get_me", header={"X-API-Key": "", "X-Organization": "999"})
    call.http.delete_cookie(SESSION_COOKIE)


def _people(call: Recorder) -> None:
    people: list[dict[str, Any]] = call("list_all_users")["items"]
    maria = next(each for each in people if each["email"] == MARIA)
    call("get_user", user_id=maria["id"])
    call("change_one_user", user_id=maria["id"], body={"disabled": True})
    call("change_one_user", user_id=maria["id"], body={"disabled": False})
    with call.as_person(call("log_in", body={"email": MARIA, "password": FIRST})["access_token"]):
        begun = call("begin_totp", body={"password": FIRST})
        call("confirm_totp", body={"code": TOTP(begun["secret"]).at(time.time() - 30)})
    for _ in range(2):
        call("remove_second_factor", user_id=maria["id"])
    link = call("make_password_link", user_id=maria["id"])
    token = link["url"].partition("#")[2]
    call("reset_password", body={"token": token, "password": SECOND})
    call("reset_password", body={"token": token, "password": SECOND})
