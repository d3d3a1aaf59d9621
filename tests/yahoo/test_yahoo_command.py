"""A process of its own asks Yahoo: its first requests, what it writes, and `flask prices fetch`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.paths import ROOT
from kit.price_server import Asked, PriceServer, Reply, price_server
from kit.yahoo import CRUMB, Charted, yahoo

import database

SQLITE = pytest.mark.parametrize("engine", ["sqlite"])


def fetch(backend: Backend, folder: Path, server: PriceServer, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {"ENVIRONMENT": "development", "DATABASE_URL": backend.url, "DATA_DIR": str(folder), "HOME": str(folder / "home")}
    environment = {"PATH": os.environ["PATH"], "PRICE_PROVIDERS": "yahoo", "YAHOO_URL": server.address, **own, **variables}
    command = [sys.executable, "-m", "flask", "prices", "fetch", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@SQLITE
def test_an_answer_is_shown_and_counted_and_no_file_is_left(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with price_server(yahoo(Charted())) as server:
        run = fetch(backend, tmp_path, server, "aapl", TMPDIR=str(tmp_path / "home"))
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[0] == "yahoo: 23 bars of AAPL, 2005-02-28 to 2005-03-31."
    assert "Prices split_adjusted, volumes split_adjusted, with adjusted closes; currency USD." in lines
    assert [asked.path for asked in server.asked] == ["/", CRUMB, "/v8/finance/chart/AAPL", "/v8/finance/chart/AAPL"]
    assert database.query_db("SELECT sum(calls) AS calls FROM provider_calls WHERE provider = 'yahoo'", one=True)["calls"] == 4
    assert list((tmp_path / "home").rglob("*")) == []


@SQLITE
def test_calls_that_are_used_up_are_not_made(backend: Backend, tmp_path: Path) -> None:
    with price_server(yahoo(Charted())) as server:
        run = fetch(backend, tmp_path, server, "AAPL", YAHOO_CALLS="3/hour")
    assert run.returncode == 1
    assert run.stderr.startswith("Error: yahoo has used 3 of 3 calls of this hour")
    assert len(server.asked) == 3


@SQLITE
def test_too_many_requests_for_the_first_crumb_end_the_fetch(backend: Backend, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(b"Too Many Requests\r\n") if asked.path == CRUMB else yahoo(Charted())(asked)

    with price_server(answer) as server:
        run = fetch(backend, tmp_path, server, "AAPL")
    assert run.returncode == 1
    assert run.stderr == "Error: Yahoo allows no further calls in this hour. (exhausted)\n"
    assert [asked.path for asked in server.asked] == ["/", CRUMB]


def test_the_first_fetch_imports_it_and_no_start_does() -> None:
    code = """
import json, sys
import wsgi, worker
from config import Settings
Settings.load(price_providers=("yahoo",), _env_file=None)
print(json.dumps(sorted({"yfinance", "curl_cffi"} & set(sys.modules))))
"""
    environment = {"PATH": os.environ["PATH"], "ENVIRONMENT": "development"}
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, timeout=60, check=True, capture_output=True, text=True
    )
    assert json.loads(printed.stdout) == []
