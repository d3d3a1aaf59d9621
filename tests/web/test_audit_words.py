"""The page of the audit log has words for all that the log may tell: each operation that changes something, each command and sign-in."""

from __future__ import annotations

import re

import click
import pytest
from kit.paths import ROOT

from api.authentication import SAFE_METHODS
from app import Application

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
TABLE = ROOT / "web/static/js/audit/operations.js"
ROW = re.compile(r'^    (?:"([^"]+)"|(\w+)): "([^"]+)",$', re.MULTILINE)
NAMED = re.compile(r'\b(?:note|record)\(connection, action="(\w+)"')
READ_ONLY = {"api-key list", "user list"}


def words() -> dict[str, str]:
    """The words of the page, by what they are of."""
    rows = [(quoted or plain, told) for quoted, plain, told in ROW.findall(TABLE.read_text())]
    assert len(rows) == len(dict(rows)), "something is told twice"
    return dict(rows)


def operations(app: Application) -> set[str]:
    return {
        app.view_functions[rule.endpoint].__name__
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - SAFE_METHODS or getattr(app.view_functions[rule.endpoint], "changes", False)
    }


def commands(app: Application) -> set[str]:
    """The words of each command of ours behind `flask`."""
    found = set()
    for name, command in app.cli.commands.items():
        parts = (
            {f"{name} {inner}": each for inner, each in command.commands.items()} if isinstance(command, click.Group) else {name: command}
        )
        found |= {words for words, each in parts.items() if (each.callback.__module__ if each.callback else "").startswith("features.")}
    return found


def named(app: Application) -> set[str]:
    """What is written under a name of its own, beside the operation that it comes with."""
    sources = [path for folder in ("features", "web", "api", "infrastructure") for path in (ROOT / folder).rglob("*.py")]
    return {name for path in sources for name in NAMED.findall(path.read_text())}


def test_all_that_the_log_may_tell_has_words(app: Application) -> None:
    told = operations(app) | commands(app) | named(app)
    assert {"create_api_key", "come_back", "user password-link", "sign_in_refused"} <= told
    assert sorted(told - READ_ONLY - set(words())) == [], f"give it words in {TABLE.relative_to(ROOT)}"


def test_nothing_else_has_words(app: Application) -> None:
    assert sorted(set(words()) - operations(app) - commands(app) - named(app)) == []


def test_no_words_are_an_id(app: Application) -> None:
    assert [told for told in words().values() if "_" in told or not told[0].isupper()] == []
    assert len(set(words().values())) == len(words()), "two are told the same"
