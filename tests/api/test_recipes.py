"""The recipes of docs/api.md work as they stand: each language's are run one after the other against a running server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from kit.databases import Backend
from kit.deploy import tool
from kit.paths import ROOT
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.support import MASTER_KEY

from tools.api_client import generate_client

TEXT = (ROOT / "docs" / "api.md").read_text()
LANGUAGES = {"bash": ["bash", "-euo", "pipefail"], "python": [sys.executable, "-W", "error"]}
BESIDE = {"Recipes for the API"}  # sections without a recipe
SECONDS = 300
# What the run of all recipes of a language prints, among other things, in this order.
PRINTED = {
    "bash": [
        '"key_id":"master"', '"email":"maria@example.com"',
        '"preview":', '"verdict":', '"strategy":"weekly"', '"outcome":"added"', '"built_in":false',
        '"needs":["PRICE_PROVIDERS","TIINGO_API_KEY"]', '"refreshes":false', '"kind":"bulk_analysis"', "event: job", '"status":"completed"',
        '"clean":true', '"next_cursor":null', "304", "Idempotent-Replayed: true",
        '"code":"validation_error"', "curl ends with 22", "RateLimit:", "Generating",
    ],
    "python": [
        "'key_id'", "Ada is admin of Ada", "'delimiter': ','", "2013-03-01", "ACME 2013-03-01", "weekly", "['added', 'added', 'no_prices']",
        "2 tickers, 2 with prices", "tiingo needs PRICE_PROVIDERS, TIINGO_API_KEY", "409 no_provider",
        "London Stock Exchange: run the pipeline evening_digest. whsec_",
        "completed 100%", "6 analysed, 0 failed", "AAPL", "No look-ahead: on 60 days",
        "['AAPL', 'ACME', 'FB', 'GOOG', 'IBM', 'MSFT']", "304", "True true",
        "422 validation_error", "capital", '"minute";r=', "Sell",
    ],
}  # fmt: skip


def recipes(language: str) -> dict[str, str]:
    """The recipe of each section that has one."""
    found = {}
    for section in re.split(r"^##+ ", TEXT, flags=re.MULTILINE):
        blocks = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        assert len(blocks) <= 1, section
        if blocks:
            found[section.partition("\n")[0]] = blocks[0]
    return found


@pytest.fixture
def server(backend: Backend, start: Start) -> Server:
    """A server with one worker."""
    server = start([GUNICORN, "wsgi:app"], **production(backend, LOCAL_WORKERS="1", REGISTRATION_ENABLED="true"))
    wait_until(server.answers, 120)
    return server


def test_each_recipe_stands_in_both_languages() -> None:
    headings = set(re.findall(r"^##+ (.+)$", TEXT, re.MULTILINE))
    assert set(recipes("bash")) == set(recipes("python")) == headings - BESIDE


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_recipes_of_a_language_work(language: str, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "copied"
    folder.mkdir()
    script = folder / "recipes"
    script.write_text("\n".join(recipes(language).values()))
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": tools, "HOST": server.url(""), "KEY": MASTER_KEY, "LANG": "C.UTF-8"}
    if language == "python":
        generate(server, folder)
    else:
        tool("curl")
        # The generator waits for five seconds, and the first document takes longer on a disturbed machine.
        requests.get(server.url("/openapi.json"), timeout=60)
    command = [*LANGUAGES[language], str(script)]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    place = 0
    for expected in PRINTED[language]:
        place = run.stdout.find(expected, place)
        assert place >= 0, f"{expected} is not printed, or too early, in\n{run.stdout}"
    for name in ("acme", "job", "results"):
        assert (folder / f"{name}.xlsx").read_bytes().startswith(b"PK"), name
    prices = requests.get(server.url("/api/v1/tickers?q=ACME"), headers=KEY, timeout=60).json()["items"]
    assert [(item["bars"], str(item["last"])) for item in prices] == [(3270, "2013-03-01")]


def generate(server: Server, folder: Path) -> None:
    """The client that the shell's recipe generates, for Python's."""
    document = requests.get(server.url("/openapi.json"), timeout=60).json()
    assert generate_client(document, folder / "bellwether_client") == []
