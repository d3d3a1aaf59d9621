"""A second factor that is lost, or that cannot be read since SECRET_KEY was changed: what somebody is told, and how an operator helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, accounts, code_now, person, set_up_totp
from kit.databases import Backend
from kit.jobs import UNKNOWN_ID
from kit.mail import Box, mail_server
from kit.sessions import Browser
from kit.support import Client, settings_for

import app as application
import database
from app import Application, create_app

OTHER_SECRET = "another-signing-secret-0123456789abcdefgh"
MakeApp = Callable[..., Application]


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Iterator[MakeApp]:
    """Makes applications on one database, with settings of their own."""
    made = []

    def build(**more: Any) -> Application:
        app = create_app(settings_for(backend.url, tmp_path, **more))
        application.start(app)
        made.append(app)
        return app

    yield build
    for app in made:
        application.stop(app)


def take_away(app: Application, user_id: str) -> Any:
    return Client(app).delete(f"/admin/users/{user_id}/second-factor")


def second_step(somebody: Person, code: str) -> Any:
    asked = somebody.log_in()
    assert asked.json["code"] == "totp_required"
    return Client(somebody.app).post("/auth/login/totp", {"challenge": asked.json["challenge"], "code": code}, key=None)


def test_an_operator_takes_it_away(app: Application) -> None:
    ada, eve = person(app, "ada@example.com"), person(app, "eve@example.com")
    program, browser, hers = ada.program(), ada.browser(), eve.program()
    _, codes = set_up_totp(program)
    set_up_totp(hers)
    challenge = ada.log_in().json["challenge"]
    assert take_away(app, ada.id).status_code == 204
    assert [program.is_known(), browser.is_known(), hers.is_known()] == [False, False, True]
    assert program.refresh().status_code == 401
    assert Client(app).post("/auth/login/totp", {"challenge": challenge, "code": codes[0]}, key=None).status_code == 401
    again = ada.program()
    me = again.get("/auth/me").json
    assert (me["two_factor"], me["recovery_codes"]) == (False, 0)
    assert second_step(eve, "000000").status_code == 401  # hers stays
    _, renewed = set_up_totp(again)
    assert second_step(ada, codes[1]).status_code == 401
    assert second_step(ada, renewed[0]).status_code == 200


def test_it_is_in_the_audit_log(app: Application) -> None:
    ada = person(app, "ada@example.com")
    set_up_totp(ada.program())
    root = person(app, "root@example.com", is_operator=True).program()
    assert root("DELETE", f"/admin/users/{ada.id}/second-factor").status_code == 204
    (entry,) = Client(app).get("/audit?all=true&action=remove_second_factor").json["items"]
    assert (entry["target"], entry["actor_name"]) == (f"users/{ada.id}", "Root")
    assert (entry["before"], entry["after"]) == ({"two_factor": True, "sign_ins": 1}, {"two_factor": False, "sign_ins": 0})


def test_what_is_refused(app: Application) -> None:
    root = person(app, "root@example.com", is_operator=True)
    program = root.program()
    set_up_totp(program)
    own = program("DELETE", f"/admin/users/{root.id}/second-factor")
    assert (own.status_code, "asks for the password" in own.json["detail"]) == (409, True)
    ada = person(app, "ada@example.com")
    assert ada.program()("DELETE", f"/admin/users/{root.id}/second-factor").status_code == 403
    assert [take_away(app, each).status_code for each in (ada.id, UNKNOWN_ID, "x")] == [409, 404, 404]
    assert program.is_known()
    assert Client(app).get("/audit?all=true&action=remove_second_factor").json["items"] == []


def test_a_secret_that_does_not_count_yet_goes_as_well(app: Application) -> None:
    ada = person(app, "ada@example.com")
    assert ada.program().post("/auth/totp", {"password": PASSWORD}).status_code == 201
    assert take_away(app, ada.id).status_code == 204
    assert database.query_db("SELECT totp_secret FROM users WHERE id = :id", {"id": ada.id}, one=True)["totp_secret"] is None


def smtp(port: int) -> dict[str, Any]:
    return {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "smtp_from": "bellwether@example.com"}


def test_they_are_told_by_e_mail(make: MakeApp) -> None:
    box = Box()
    with mail_server(box) as port:
        app = make(**smtp(port))  # without PUBLIC_URL: the message has no link
        ada = person(app, "ada@example.com")
        set_up_totp(ada.program())
        assert take_away(app, ada.id).status_code == 204
        accounts(app).mail.close()
    (mail,) = box.mails
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Your second factor was taken away")
    assert "tell whoever looks after Bellwether" in mail.get_content()


def test_the_terminal_takes_it_away_and_tells_them(make: MakeApp) -> None:
    box = Box()
    with mail_server(box) as port:
        app = make(**smtp(port))
        ada = person(app, "ada@example.com")
        program = ada.program()
        set_up_totp(program)
        run = app.test_cli_runner().invoke
        done = run(args=["user", "remove-second-factor", "Ada@Example.com"])
        assert (done.exit_code, "all sign-ins have ended" in done.output) == (0, True), done.output
        assert [mail["To"] for mail in box.mails] == ["ada@example.com"]
        for email, words in (("ada@example.com", "no second factor"), ("none@example.com", "no account")):
            refused = run(args=["user", "remove-second-factor", email])
            assert (refused.exit_code, words in refused.output) == (1, True), refused.output
        later = make()
        assert Person(later, ada.id, ada.email, ada.org_id).log_in().status_code == 200
        (entry,) = Client(later).get("/audit?all=true&action=user%20remove-second-factor").json["items"]
        assert (entry["actor_kind"], entry["target"], entry["before"]["two_factor"]) == ("command", f"users/{ada.id}", True)


def test_with_another_secret_key_somebody_is_told_why_no_code_is_right(make: MakeApp) -> None:
    first = person(make(), "ada@example.com")
    secret, codes = set_up_totp(first.program())
    app = make(secret_key=OTHER_SECRET)
    ada = Person(app, first.id, first.email, first.org_id)
    for code in (code_now(secret), codes[0]):
        refused = second_step(ada, code)
        assert (refused.status_code, refused.json["code"]) == (401, "unauthorized")
        assert "SECRET_KEY was changed" in refused.json["detail"]
    browser = Browser(app)
    asked = browser("POST", "/login", data={"email": ada.email, "password": PASSWORD})
    challenge = asked.text.partition('name="challenge" value="')[2].partition('"')[0]
    shown = browser("POST", "/login", data={"challenge": challenge, "code": code_now(secret)})
    assert (shown.status_code, "SECRET_KEY was changed" in shown.text) == (401, True)
    assert take_away(app, ada.id).status_code == 204
    renewed, _ = set_up_totp(ada.program())
    assert second_step(ada, code_now(renewed)).status_code == 200
