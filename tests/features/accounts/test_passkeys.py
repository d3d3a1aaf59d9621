"""Passkeys: made by the present password, signed in by without one, and refused in every way that is not their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, Program, person, session_rows, set_up_totp
from kit.databases import Backend
from kit.passkeys import ORIGIN, PUBLIC_URL, add, answer_of, asked, begin, log_in
from kit.support import MASTER_KEY, SECRET_KEY, Client, settings_for

import app as application
import database
from app import Application, create_app
from features.accounts.challenges import LIFETIME, Challenges
from features.accounts.derived_keys import DerivedKeys
from features.accounts.passkeys import SIGN_IN
from features.accounts.relying_party import RelyingParty
from features.accounts.retention import prune_challenges
from models.passkey import MOST_PASSKEYS
from tools.authenticator import BACKED_UP, BACKUP_ELIGIBLE, PRESENT, USUAL, VERIFIED, Authenticator, encoded
from utils.clock import now


@pytest.fixture
def app(backend: Backend, tmp_path: Path) -> Iterator[Application]:
    app = create_app(settings_for(backend.url, tmp_path, public_url=PUBLIC_URL))
    application.start(app)
    yield app
    application.stop(app)


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


@pytest.fixture
def program(ada: Person) -> Program:
    return ada.program()


@pytest.fixture
def device(program: Program) -> Authenticator:
    """A device with a passkey of Ada's."""
    made = Authenticator(ORIGIN)
    assert add(program, made).status_code == 201
    return made


def changed(sent: dict[str, Any], **response: str) -> dict[str, Any]:
    """What is sent, with other parts of the authenticator's response."""
    credential = sent["credential"]
    return {**sent, "credential": {**credential, "response": {**credential["response"], **response}}}


def send(app: Application, sent: dict[str, Any]) -> int:
    status: int = Client(app).post("/auth/passkeys/login", sent, key=None).status_code
    return status


def signed_in_as(app: Application, tokens: dict[str, Any]) -> str:
    return str(Program(app, tokens).get("/auth/me").json["email"])


def test_somebody_signs_in_without_a_password_and_without_a_code(app: Application, ada: Person, program: Program) -> None:
    device = Authenticator(ORIGIN)
    made = add(program, device, "  Ada's   phone ")
    assert (made.status_code, made.json["name"], made.json["transports"]) == (201, "Ada's phone", ["hybrid", "internal"])
    assert (made.json["backed_up"], made.json["last_used_at"]) == (False, None)
    set_up_totp(program)
    assert ada.log_in().status_code == 401  # a password needs the code
    answer = log_in(app, device)
    assert answer.status_code == 200, answer.text
    assert signed_in_as(app, answer.json) == ada.email
    assert session_rows(ada)[-1]["two_factor"]
    (listed,) = program.get("/auth/passkeys").json["items"]
    assert (listed["id"], listed["last_used_at"] is not None) == (made.json["id"], True)
    assert log_in(app, device).status_code == 200


def test_what_the_browser_is_told(program: Program, ada: Person, app: Application, device: Authenticator) -> None:
    options = begin(program)["options"]
    assert options["rp"] == {"name": "Bellwether", "id": "bellwether.example"}
    assert (options["user"]["id"], options["user"]["name"]) == (encoded(ada.id.encode()), ada.email)
    assert [each["id"] for each in options["excludeCredentials"]] == [encoded(device.credential_id)]
    selection = options["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"], options["attestation"]) == ("required", "required", "none")
    wanted = asked(app)["options"]
    assert (wanted["rpId"], wanted["userVerification"]) == ("bellwether.example", "required")
    assert wanted["allowCredentials"] == []  # who has an account is told to nobody


def test_making_one_needs_the_present_password(program: Program) -> None:
    for body in ({}, {"password": "not the password"}):
        assert program.post("/auth/passkeys/options", body).status_code == 403
    assert Client(program.client.app).post("/auth/passkeys/options", {"password": PASSWORD}, key=MASTER_KEY).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://bellwether.example.evil.example"},
        {"origin": "http://bellwether.example"},
        {"origin": f"{ORIGIN}:8443"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"flags": USUAL | BACKED_UP},  # kept by a service that may not keep it
    ],
)
def test_what_is_refused_of_a_device(app: Application, program: Program, wrong: dict[str, Any]) -> None:
    refused = add(program, Authenticator(**{"origin": ORIGIN, **wrong}))
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "credential")
    assert program.get("/auth/passkeys").json["items"] == []
    device = Authenticator(ORIGIN)
    assert add(program, device).status_code == 201
    for name, value in wrong.items():
        setattr(device, name, value)
    assert log_in(app, device).status_code == 401


def test_one_that_a_service_keeps(app: Application, program: Program) -> None:
    device = Authenticator(ORIGIN, flags=USUAL | BACKUP_ELIGIBLE | BACKED_UP, counts=False)
    assert add(program, device).json["backed_up"] is True
    assert [log_in(app, device).status_code for _ in range(2)] == [200, 200]  # its counter stays 0


def test_a_counter_that_goes_back_is_a_copys(app: Application, device: Authenticator) -> None:
    device.sign_count = 5
    assert log_in(app, device).status_code == 200  # 6
    for before in (5, 0, -1):
        device.sign_count = before
        assert log_in(app, device).status_code == 401
    device.sign_count = 6
    assert log_in(app, device).status_code == 200


def test_a_challenge_is_good_once_and_for_what_it_was_made(app: Application, program: Program, device: Authenticator) -> None:
    sent = answer_of(app, device)
    assert [send(app, sent), send(app, sent)] == [200, 401]
    other, begun = asked(app), begin(program)
    assert send(app, {"challenge": other["challenge"], "credential": answer_of(app, device)["credential"]}) == 401
    assert send(app, {"challenge": begun["challenge"], "credential": device.get({**asked(app)["options"], **_challenge(begun)})}) == 401
    new = Authenticator(ORIGIN)
    swapped = new.create({**begun["options"], **_challenge(other)})
    assert program.post("/auth/passkeys", {"challenge": other["challenge"], "credential": swapped, "name": "x"}).status_code == 422
    made = {"challenge": begin(program)["challenge"], "credential": new.create(begun["options"]), "name": "x"}
    assert [program.post("/auth/passkeys", made).status_code for _ in range(2)] == [422, 422]  # the challenge of another dialogue
    for forged in ("x", other["challenge"][:-4] + "AAAA", other["challenge"] + ".", "WyJzaWduIGluIl0.AAAA"):
        assert send(app, {"challenge": forged, "credential": answer_of(app, device)["credential"]}) == 401


def _challenge(begun: dict[str, Any]) -> dict[str, str]:
    return {"challenge": begun["options"]["challenge"]}


@pytest.mark.parametrize(("age", "status"), [(LIFETIME - timedelta(minutes=1), 200), (LIFETIME, 401)])
def test_a_challenge_ends_after_five_minutes(app: Application, device: Authenticator, age: timedelta, status: int) -> None:
    keys = DerivedKeys(lambda: SECRET_KEY)
    made = Challenges(database.current(), keys, clock=lambda: now() - age).make(SIGN_IN)
    credential = device.get({"rpId": "bellwether.example", "challenge": encoded(made.value)})
    assert send(app, {"challenge": made.token, "credential": credential}) == status


def test_used_challenges_are_forgotten_once_they_would_have_expired(app: Application, device: Authenticator) -> None:
    past = Challenges(database.current(), DerivedKeys(lambda: SECRET_KEY), clock=lambda: now() - LIFETIME)
    past.use(SIGN_IN, past.make(SIGN_IN).token)
    assert log_in(app, device).status_code == 200
    assert [prune_challenges(database.current()), prune_challenges(database.current())] == [1, 0]


def test_what_is_changed_on_the_way_is_refused(app: Application, device: Authenticator) -> None:
    other = Authenticator(ORIGIN)
    for name, value in (("signature", "AAAA"), ("authenticatorData", encoded(bytes(37))), ("clientDataJSON", encoded(b"{}"))):
        assert send(app, changed(answer_of(app, device), **{name: value})) == 401
    device.key, key = other.key, device.key
    assert log_in(app, device).status_code == 401
    device.key = key
    sent = answer_of(app, device)
    sent["credential"]["rawId"] = encoded(other.credential_id)
    assert send(app, sent) == 401
    assert log_in(app, device).status_code == 200


def test_passkeys_are_their_persons(app: Application, program: Program, device: Authenticator) -> None:
    """Eve is in another organization: she signs in as herself, and nothing of Ada's is there for her."""
    eve = person(app, "eve@example.org").program()
    hers = Authenticator(ORIGIN)
    assert add(eve, hers).status_code == 201
    assert signed_in_as(app, log_in(app, hers).json) == "eve@example.org"
    hers.user_handle, own = device.user_handle, hers.user_handle
    assert log_in(app, hers).status_code == 401  # it names Ada
    assert send(app, changed(answer_of(app, device), userHandle=str(own))) == 401
    nameless = answer_of(app, device)
    del nameless["credential"]["response"]["userHandle"]
    assert send(app, nameless) == 401
    (adas,) = program.get("/auth/passkeys").json["items"]
    path = f"/auth/passkeys/{adas['id']}"
    assert eve("PATCH", path, json={"name": "Eve's"}).status_code == 404
    assert eve.post(f"{path}/remove", {"password": PASSWORD}).status_code == 404
    assert add(eve, Authenticator(ORIGIN, credential_id=device.credential_id)).status_code == 409
    begun = begin(program)  # a challenge of Ada's
    sent = {"challenge": begun["challenge"], "credential": Authenticator(ORIGIN).create(begun["options"]), "name": "x"}
    assert eve.post("/auth/passkeys", sent).status_code == 422
    assert [each["name"] for each in program.get("/auth/passkeys").json["items"]] == ["Phone"]


def test_a_disabled_person_does_not_get_in(app: Application, ada: Person, device: Authenticator) -> None:
    operator = Client(app)
    assert operator("PATCH", f"/admin/users/{ada.id}", json={"disabled": True}).status_code == 200
    assert log_in(app, device).status_code == 401
    assert operator("PATCH", f"/admin/users/{ada.id}", json={"disabled": False}).status_code == 200
    assert log_in(app, device).status_code == 200


def test_every_refusal_is_told_alike(app: Application, ada: Person, device: Authenticator) -> None:
    unknown = log_in(app, Authenticator(ORIGIN, user_handle="AAAA"))
    used = answer_of(app, device)
    assert send(app, used) == 200
    again = Client(app).post("/auth/passkeys/login", used, key=None)
    assert Client(app)("PATCH", f"/admin/users/{ada.id}", json={"disabled": True}).status_code == 200
    answers = [{name: part for name, part in each.json.items() if name != "request_id"} for each in (unknown, again, log_in(app, device))]
    assert answers == [answers[0]] * 3


def test_the_eleventh_wrong_try_has_to_wait_and_nobody_elsewhere_with_it(app: Application, device: Authenticator) -> None:
    def tried(address: str, sent: dict[str, Any]) -> int:
        answer = Client(app).post("/auth/passkeys/login", sent, key=None, environ_base={"REMOTE_ADDR": address})
        return int(answer.status_code)

    assert [tried("192.0.2.1", changed(answer_of(app, device), signature="AAAA")) for _ in range(10)] == [401] * 10
    assert tried("192.0.2.1", answer_of(app, device)) == 429
    assert tried("192.0.2.2", answer_of(app, device)) == 200


def test_renaming_and_removing(app: Application, program: Program, device: Authenticator) -> None:
    (listed,) = program.get("/auth/passkeys").json["items"]
    path = f"/auth/passkeys/{listed['id']}"
    assert program("PATCH", path, json={"name": " "}).status_code == 422
    assert program("PATCH", path, json={"name": "Old phone"}).json["name"] == "Old phone"
    for body in ({}, {"password": "not the password"}):
        assert program.post(f"{path}/remove", body).status_code == 403
    assert program.post(f"{path}/remove", {"password": PASSWORD}).status_code == 204
    assert program.post(f"{path}/remove", {"password": PASSWORD}).status_code == 404
    assert log_in(app, device).status_code == 401


def test_the_last_way_in_stays(app: Application, ada: Person, device: Authenticator) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE users SET password_hash = NULL")
    program = Program(app, log_in(app, device).json)  # just now, which is proof enough without a password
    (listed,) = program.get("/auth/passkeys").json["items"]
    refused = program.post(f"/auth/passkeys/{listed['id']}/remove", {})
    assert (refused.status_code, "only way" in refused.json["detail"]) == (409, True)
    begun = program.post("/auth/passkeys/options", {}).json
    other = Authenticator(ORIGIN)
    made = {"challenge": begun["challenge"], "credential": other.create(begun["options"]), "name": "Key"}
    assert program.post("/auth/passkeys", made).status_code == 201
    assert program.post(f"/auth/passkeys/{listed['id']}/remove", {}).status_code == 204
    assert [log_in(app, each).status_code for each in (device, other)] == [401, 200]
    assert ada.id == program.get("/auth/me").json["id"]


def test_there_are_so_many_at_most(program: Program) -> None:
    for _ in range(MOST_PASSKEYS - 1):
        assert add(program, Authenticator(ORIGIN)).status_code == 201
    begun = [begin(program) for _ in range(2)]
    made = [{"challenge": each["challenge"], "credential": Authenticator(ORIGIN).create(each["options"]), "name": "x"} for each in begun]
    assert [program.post("/auth/passkeys", each).status_code for each in made] == [201, 409]
    assert program.post("/auth/passkeys/options", {"password": PASSWORD}).status_code == 409


def test_they_go_with_their_person(app: Application, ada: Person, device: Authenticator) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM users")
    assert database.query_db("SELECT * FROM passkeys") == []
    assert log_in(app, device).status_code == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_without_an_address_they_are_off(backend: Backend, tmp_path: Path) -> None:
    app = create_app(settings_for(backend.url, tmp_path))
    application.start(app)
    program = person(app, "ada@example.com").program()
    unsent = {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA", "attestationObject": "AA"}
    credential = {"id": "AA", "rawId": "AA", "type": "public-key", "response": unsent}
    refused = [
        program.post("/auth/passkeys/options", {"password": PASSWORD}),
        program.post("/auth/passkeys", {"challenge": "x", "credential": credential, "name": "x"}),
        Client(app).post("/auth/passkeys/login/options", key=None),
        Client(app).post("/auth/passkeys/login", {"challenge": "x", "credential": credential}, key=None),
    ]
    assert [(each.status_code, "PUBLIC_URL" in each.json["detail"]) for each in refused] == [(409, True)] * 4
    assert program.get("/auth/passkeys").json == {"items": [], "available": False}
    application.stop(app)


@pytest.mark.parametrize(
    ("public_url", "found"),
    [
        ("https://Bellwether.example", ("bellwether.example", "https://bellwether.example")),
        ("https://bellwether.example:443/app/", ("bellwether.example", "https://bellwether.example")),
        ("https://bellwether.example:8443", ("bellwether.example", "https://bellwether.example:8443")),
        ("http://localhost:8000/", ("localhost", "http://localhost:8000")),
        ("http://bellwether.example", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]/", None),
        (None, None),
    ],
)
def test_what_passkeys_are_bound_to(public_url: str | None, found: tuple[str, str] | None) -> None:
    party = RelyingParty.of(public_url)
    assert (None if party is None else (party.id, party.origin)) == found
