"""What somebody without an account learns by trying: neither answers nor times tell whose address is known."""

from __future__ import annotations

import math
import time
from itertools import pairwise
from statistics import median

import pytest
from kit.accounts import person
from kit.databases import Backend
from kit.mail import Box, mail_server
from kit.servers import wait_until
from kit.support import Client, settings_for

import database
from app import Application, create_app
from app import start as start_app

PAIRS = 24
LEAST_P = 0.001  # a difference that chance makes less often would be one


def rank_sum_p(first: list[float], second: list[float]) -> float:
    """The two-sided p of the Mann-Whitney test by its normal approximation."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = sum(rank for rank, (_, group) in enumerate(ranked, 1) if group == 0)
    n, m = len(first), len(second)
    mean, deviation = n * (n + m + 1) / 2, math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(ranks - mean) / deviation / math.sqrt(2))


def test_the_test_of_times_finds_a_difference() -> None:
    """A tenth of a hash more would be seen."""
    base = [80 + 5 * math.sin(number * 7.3) for number in range(PAIRS)]
    assert rank_sum_p(base, [value + 8 for value in base]) < LEAST_P
    assert rank_sum_p(base, [value + 0.5 for value in base]) > LEAST_P


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_known_and_unknown_addresses_take_as_long(app: Application) -> None:
    person(app, "ada@example.com")
    client = Client(app)
    taken: dict[str, list[float]] = {"ada@example.com": [], "eve@example.com": []}
    for number in range(PAIRS + 1):
        # In turns, and in turns who is first, so that what slows the machine down slows both.
        for email in sorted(taken, reverse=bool(number % 2)):
            place = {"REMOTE_ADDR": f"192.0.2.{number}"}
            begun = time.perf_counter()
            answer = client.post("/auth/login", {"email": email, "password": "some wrong words"}, key=None, environ_base=place)
            taken[email].append(time.perf_counter() - begun)
            assert answer.status_code == 401
    known, unknown = (values[1:] for values in taken.values())  # the first of each imports what the others use
    assert rank_sum_p(known, unknown) > LEAST_P, (median(known), median(unknown))


def test_a_link_is_sent_to_whom_it_concerns_alone(backend: Backend, tmp_path: object) -> None:
    box = Box()
    with mail_server(box) as port:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "smtp_from": "bellwether@example.com"}
        app = create_app(settings_for(backend.url, tmp_path, public_url="https://bellwether.example/app/", **mail))  # type: ignore[arg-type]
        start_app(app)
        ada, client = person(app, "ada@example.com"), Client(app)
        answers = [client.post("/auth/password/forgot", {"email": email}, key=None) for email in ("nobody@example.com", "ADA@example.com")]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json == answers[1].json
        (letter,) = wait_until(lambda: box.mails)
        assert (letter["To"], letter["Auto-Submitted"]) == ("ada@example.com", "auto-generated")
        link = next(word for word in letter.get_content().split() if word.startswith("https://"))
        path, _, token = link.partition("#")
        assert path == "https://bellwether.example/app/set-password"
        assert client.post("/auth/password/reset", {"token": token, "password": "some other words"}, key=None).status_code == 204
        assert ada.log_in().status_code == 401
        statuses = [client.post("/auth/password/forgot", {"email": "ada@example.com"}, key=None).status_code for _ in range(11)]
        assert statuses == sorted(statuses)
        assert statuses[-1] == 429
        assert any(before != after for before, after in pairwise(statuses))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_without_a_mail_server_an_administrator_helps(client: Client) -> None:
    refused = client.post("/auth/password/forgot", {"email": "ada@example.com"}, key=None)
    assert (refused.status_code, "administrator" in refused.json["detail"]) == (409, True)
    assert database.query_db("SELECT * FROM one_time_links") == []
