"""An export has everything of an organization or of a person, without secrets; one that was not taken to its end does not count."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from kit.accounts import PASSWORD, Person, person, set_up_totp
from kit.belongings import Story, fill, lines_of, read_archive
from kit.support import Client
from sqlalchemy import text

import database
from app import Application
from features.accounts.api_keys import digest_of
from models.access import Role
from utils.clock import now
from utils.ids import new_id

MANY = 20_000
EXPORT, OWN = "/organization/export", "/auth/me/export"


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


def everything_in(answer: object) -> bytes:
    archive = read_archive(answer)
    return b"\n".join(archive.read(name) for name in archive.namelist())


def exported_at(table: str) -> list[object]:
    return [row["made_at"] for row in database.query_db(f"SELECT made_at FROM {table}")]


def test_an_organization_gets_every_kind_of_thing_and_every_file(app: Application, ada: Person, story: Story) -> None:
    fill(app, story, ada.org_id, "e")
    archive = read_archive(ada.program().get(EXPORT))
    manifest = json.loads(archive.read("manifest.json"))
    for table in ("price_series", "analysis_results", "watchlists", "schedules", "alert_rules", "analysis_job_items", "events"):
        assert manifest["rows"][table] == len(lines_of(archive, table)) == len(story.rows[table]) > 0
    assert (manifest["files"], manifest["files_not_whole"]) == (len(story.files), [])
    stored = [archive.read(name) for name in archive.namelist() if name.startswith("files/")]
    assert sorted(stored) == sorted(story.files.values())
    assert [one["email"] for one in lines_of(archive, "people")] == ["ada@example.com"]
    (series, *_) = lines_of(archive, "price_series")
    assert len(series["data"]["day"]) == len(series["data"]["close"]) == series["bars"]
    assert b"Ada" in archive.read("README.txt")


def test_no_secret_is_in_it(app: Application, ada: Person, story: Story) -> None:
    fill(app, story, ada.org_id, "e")
    program = ada.program()
    secret, codes = set_up_totp(program)
    key = program.post("/auth/keys", {"name": "Phone"}).json["key"]
    hook = "https://hooks.example.com/services/T000/let-me-in"
    channel = program.post("/channels", {"name": "Hook", "type": "webhook", "url": hook}).json
    invited = program.post("/organization/invitations", {"email": "late@example.com", "role": "viewer"}).json
    tokens = program.tokens
    rows = database.query_db("SELECT password_hash, totp_secret FROM users WHERE id = :id", {"id": ada.id}, one=True)
    secrets = {
        *(key, digest_of(key), secret, *codes, channel["secret"], hook, "let-me-in", str(invited["url"]).partition("#")[2], PASSWORD),
        *(tokens["access_token"], tokens["refresh_token"], digest_of(tokens["refresh_token"]), *rows.values(), *story.secrets),
        *(str(row["storage_key"]) for row in database.query_db("SELECT storage_key FROM stored_files")),
    }
    for path in (EXPORT, OWN):
        content = everything_in(program.get(path))
        assert b"hooks.example.com" in content
        assert [each for each in secrets if each.encode() in content] == []


def test_a_person_gets_what_is_theirs_and_organizations_that_have_nobody_else(app: Application, ada: Person) -> None:
    guest = person(app, "guest@example.com", Role.VIEWER, org_id=ada.org_id)
    program = guest.program()
    shared = ada.org_id
    ada.program().post("/watchlist", {"ticker": "AAPL", "notes": "of the other one"})
    alone = program.post("/organizations", {"name": "Guest alone"}).json["id"]
    archive = read_archive(program.get(OWN))
    assert {one["name"] for one in lines_of(archive, "memberships")} == {"Ada", "Guest alone"}
    assert lines_of(archive, "users")[0]["email"] == "guest@example.com"
    assert lines_of(archive, "sessions")
    assert f"organizations/{alone}/people.ndjson" in archive.namelist()
    assert not [name for name in archive.namelist() if name.startswith(f"organizations/{shared}/")]
    assert "of the other one" not in str([archive.read(name) for name in archive.namelist()])
    assert Client(app).get(OWN).status_code == 403


def test_many_rows_take_no_more_memory(app: Application, ada: Person) -> None:
    moment = now()
    rows = [{"id": new_id(), "org": ada.org_id, "at": moment, "data": json.dumps({"text": "x" * 1000})} for _ in range(MANY)]
    insert = "INSERT INTO events (id, org_id, type, subject, key, data, created_at) VALUES (:id, :org, 'mine.told', 'x', :id, :data, :at)"
    with database.transaction() as connection:
        connection.execute(text(insert), rows)
    del rows
    program = ada.program()
    answer = program.get(EXPORT, buffered=False)
    tracemalloc.start()
    size = sum(len(piece) for piece in answer.response)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    answer.close()
    assert size > 100_000
    assert most < 8_000_000  # the rows are 25 MB
    assert len(exported_at("organization_exports")) == 1


def test_one_that_is_broken_off_does_not_count(ada: Person) -> None:
    program = ada.program()
    answer = program.get(EXPORT, buffered=False)
    next(iter(answer.response))
    answer.close()
    assert exported_at("organization_exports") == []
    read_archive(program.get(EXPORT))
    assert len(exported_at("organization_exports")) == 1
    (entry,) = database.query_db("SELECT * FROM audit_log WHERE action = 'export_own_organization'")
    assert (entry["actor"], entry["org_id"]) == (ada.id, ada.org_id)


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, True, id="our page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, False, id="a link of another site"),
        pytest.param({}, False, id="nobody knows"),
    ],
)
def test_a_link_of_another_site_makes_none_that_counts(ada: Person, headers: dict[str, str], counts: bool) -> None:
    with ada.browser()("GET", "/api/v1" + EXPORT, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.get_data()
    assert bool(exported_at("organization_exports")) is counts
