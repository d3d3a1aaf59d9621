"""The calls of passkeys whose requests and answers are examples of the OpenAPI document."""

from __future__ import annotations

from tools.api_recorder import Recorder
from tools.authenticator import Authenticator

ORIGIN = "https://bellwether.example"
WRONG = "another one"
NO_ID = "019aa3b2-7a1e-7c8e-8a55-ffffffffffff"


def tell_of_passkeys(call: Recorder, password: str) -> None:
    """Call every operation of passkeys, as a person with this password."""
    device, token = Authenticator(ORIGIN), call.token
    call("begin_own_passkey", body={"password": WRONG})
    begun = call("begin_own_passkey", body={"password": password})
    made = {"challenge": begun["challenge"], "credential": device.create(begun["options"]), "name": "Phone"}
    passkey = call("add_own_passkey", body=made)
    call("add_own_passkey", body=made)
    call("rename_own_passkey", passkey_id=passkey["id"], body={"name": "Ada's phone"})
    call("rename_own_passkey", passkey_id=NO_ID, body={"name": "Ada's phone"})
    call.token = None
    asked = call("begin_passkey_login")
    answered = {"challenge": asked["challenge"], "credential": device.get(asked["options"])}
    call("log_in_with_passkey", body=answered)
    call("log_in_with_passkey", body=answered)
    call.token = token
    call("list_own_passkeys")
    call("remove_own_passkey", passkey_id=passkey["id"], body={"password": WRONG})
    call("remove_own_passkey", passkey_id=passkey["id"], body={"password": password})
    call("remove_own_passkey", passkey_id=passkey["id"], body={"password": password})
