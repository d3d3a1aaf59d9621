"""`flask prices fetch`: what a configured provider answers, asked from the terminal of a server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.paths import ROOT
from kit.price_server import Answering, PriceServer, Reply, as_json, price_server
from kit.providers import BARS, KEY, csv_file, tiingo, tiingo_row
from kit.servers import FLASK

import database


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with price_server(tiingo) as serving:
        yield serving


def fetch(backend: Backend, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "ENVIRONMENT": "development", "DATABASE_URL": backend.url, "DATA_DIR": str(folder)}
    command = [FLASK, "prices", "fetch", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment | variables, capture_output=True, text=True, timeout=60, check=False)


def with_tiingo(server: PriceServer) -> dict[str, str]:
    return {"PRICE_PROVIDERS": "tiingo", "TIINGO_API_KEY": KEY, "TIINGO_URL": server.address}


def test_an_answer_is_shown_and_counted_and_nothing_stored(backend: Backend, tmp_path: Path, server: PriceServer) -> None:
    run = fetch(backend, tmp_path, "aapl", "--provider", "tiingo", **with_tiingo(server))
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[0] == "tiingo: 41 bars of AAPL, 2005-02-01 to 2005-03-31."
    assert "Listed as: Apple Inc, XNAS." in lines
    assert "Actions: split 2:1 on 2005-02-28, dividend 0.12 on 2005-03-15." in lines
    assert [line.split()[0] for line in lines[-7:]] == [
        "2005-02-01",
        "2005-02-02",
        "2005-02-03",
        "…",
        "2005-03-29",
        "2005-03-30",
        "2005-03-31",
    ]
    assert database.query_db("SELECT sum(calls) AS calls FROM provider_calls WHERE provider = 'tiingo'", one=True)["calls"] == 2
    assert database.query_db("SELECT count(*) AS many FROM price_series WHERE provider = 'tiingo'", one=True)["many"] == 0


def test_only_what_is_newer(backend: Backend, tmp_path: Path, server: PriceServer) -> None:
    run = fetch(backend, tmp_path, "AAPL", "--since", "2005-03-30", **with_tiingo(server))
    assert run.stdout.splitlines()[0] == "tiingo: 2 bars of AAPL, 2005-03-30 to 2005-03-31."


def test_calls_that_are_used_up_are_not_made(backend: Backend, tmp_path: Path, server: PriceServer) -> None:
    variables = {**with_tiingo(server), "TIINGO_CALLS": "3/hour"}
    assert fetch(backend, tmp_path, "AAPL", **variables).returncode == 0
    run = fetch(backend, tmp_path, "AAPL", **variables)
    assert run.returncode == 1
    assert run.stderr.startswith("Error: tiingo has used 2 of 3 calls of this hour, and this takes 2; ")
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        pytest.param(["NOSUCH"], {}, "Error: Tiingo has no ticker NOSUCH. (unknown_ticker)", id="an unknown ticker"),
        pytest.param(["AAPL", "--provider", "yahu"], {}, "Error: PRICE_PROVIDERS has tiingo, and not yahu.", id="an unknown provider"),
        pytest.param(["AAPL"], {"PRICE_PROVIDERS": ""}, "Error: PRICE_PROVIDERS has no provider.", id="no provider"),
        pytest.param(["not a ticker"], {}, "'not a ticker'", id="no ticker"),
        pytest.param(["AAPL", "--since", "yesterday"], {}, "'yesterday'", id="no day"),
    ],
)
def test_faults_are_told_in_a_sentence(
    backend: Backend, tmp_path: Path, server: PriceServer, arguments: list[str], variables: dict[str, str], message: str
) -> None:
    run = fetch(backend, tmp_path, *arguments, **{**with_tiingo(server), **variables})
    assert run.returncode in (1, 2)
    assert message in run.stderr
    assert "Traceback" not in run.stderr


def test_a_key_that_is_refused_says_where_it_is_set(backend: Backend, tmp_path: Path, server: PriceServer) -> None:
    server.answer = lambda asked: as_json({"detail": "Invalid token."}, 401)
    run = fetch(backend, tmp_path, "AAPL", **with_tiingo(server))
    assert "Check TIINGO_API_KEY" in run.stderr
    assert KEY not in run.stdout + run.stderr


def test_nothing_since_a_day(backend: Backend, tmp_path: Path, server: PriceServer) -> None:
    server.answer = lambda asked: as_json([])
    run = fetch(backend, tmp_path, "AAPL", "--since", "2026-11-27", **with_tiingo(server))
    assert (run.returncode, run.stdout) == (0, "tiingo has no bars of AAPL since that day.\n")


def test_a_short_answer_is_shown_whole(backend: Backend, tmp_path: Path, server: PriceServer) -> None:
    server.answer = lambda asked: as_json([tiingo_row(bar) for bar in BARS[:4]])
    assert len(fetch(backend, tmp_path, "AAPL", "--since", "2005-01-01", **with_tiingo(server)).stdout.splitlines()) == 3 + 1 + 4


@pytest.mark.parametrize(
    "answer", [csv_file, lambda asked: Reply(b"<html>", 200), lambda asked: Reply(b"", 503)], ids=["well", "HTML", "503"]
)
def test_a_key_in_the_address_of_files_is_told_nowhere(backend: Backend, tmp_path: Path, server: PriceServer, answer: Answering) -> None:
    server.answer = answer
    template = f"{server.address}/{{ticker}}.csv?token={KEY}&from={{since}}"
    run = fetch(backend, tmp_path, "AAPL", PRICE_PROVIDERS="csv_url", CSV_URL_TEMPLATE=template, LOG_LEVEL="debug")
    assert server.asked[0].query["token"] == KEY
    assert KEY not in run.stdout + run.stderr
