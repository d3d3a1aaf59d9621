"""Refresh tokens: each is good once, one that comes again ends its session, and no chain of them outlives the session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from kit.accounts import Person, Program, person, session_rows
from kit.support import Client

import database
from app import Application
from utils.clock import now


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


def test_each_is_good_once(ada: Person) -> None:
    program = ada.program()
    tokens = [program.tokens["refresh_token"]]
    for _ in range(3):
        assert program.refresh().status_code == 200
        assert program.is_known()
        tokens.append(program.tokens["refresh_token"])
    assert len(set(tokens)) == 4
    assert len(session_rows(ada)) == 1


def test_one_that_comes_again_ends_the_whole_family(ada: Person) -> None:
    program, other = ada.program(), ada.program()
    stolen = program.tokens["refresh_token"]
    assert program.refresh().status_code == 200
    newest = program.tokens
    refused = program.refresh(stolen)
    assert (refused.status_code, refused.json["code"]) == (401, "unauthorized")
    assert not program.is_known()
    assert program.refresh(newest["refresh_token"]).status_code == 401
    assert other.is_known()  # another sign-in of the same person goes on
    ended = [row for row in session_rows(ada) if row["ended_at"] is not None]
    assert len(ended) == 1


def test_two_at_once_are_one_too_many(ada: Person) -> None:
    program = ada.program()

    def refresh(_: int) -> int:
        answer = Client(ada.app).post("/auth/refresh", {"refresh_token": program.tokens["refresh_token"]}, key=None)
        return int(answer.status_code)

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(refresh, range(4)))
    assert statuses == [200, 401, 401, 401]
    assert not program.is_known()


def test_the_session_ends_for_the_tokens_too(ada: Person) -> None:
    program = ada.program()
    assert program.post("/auth/logout").status_code == 204
    assert program.refresh().status_code == 401


@pytest.mark.parametrize("token", ["", "x", "bwr_" + "A" * 43, "bwr_\x00", "'; DROP TABLE users; --"])
def test_what_is_none(client: Client, token: str) -> None:
    answer = client.post("/auth/refresh", {"refresh_token": token}, key=None)
    assert answer.status_code == (422 if not token else 401)


def aged(person: Person, column: str, **by: int) -> None:
    """Set a time of somebody's sessions back."""
    for row in session_rows(person):
        moved = {"id": row["id"], "then": row[column] - timedelta(**by)}
        database.execute_db(f"UPDATE sessions SET {column} = :then WHERE id = :id", moved)


def test_refreshing_does_not_outlive_the_session(ada: Person) -> None:
    program = ada.program()
    (row,) = session_rows(ada)
    assert timedelta(days=29) < row["expires_at"] - now() <= timedelta(days=30)
    assert program.refresh().status_code == 200
    assert session_rows(ada)[0]["expires_at"] == row["expires_at"]
    aged(ada, "created_at", days=40)
    aged(ada, "expires_at", days=30, seconds=1)
    assert program.refresh().status_code == 401


def test_an_unused_session_ends(ada: Person) -> None:
    programs = [ada.program() for _ in range(2)]
    aged(ada, "used_at", days=6, hours=23)
    assert programs[0].refresh().status_code == 200
    aged(ada, "used_at", days=7, seconds=1)
    assert programs[1].refresh().status_code == 401
    used = max(row["used_at"] for row in session_rows(ada))
    assert used < now() - timedelta(days=6)
    assert Program(ada.app, programs[1].tokens).refresh().status_code == 401
