"""The runbook as a page: it equals docs/runbook.md, needs neither a key nor the database, and every check leads to a section of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from kit.support import Client, suspend

import database
from app import Application
from features.operations.health import RUNBOOK_SECTIONS
from tools import runbook_page

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
MARKDOWN = runbook_page.SOURCE.read_text()


def anchors(page: str) -> set[str]:
    return set(re.findall(r'<h[1-6] id="([^"]+)"', page))


def test_the_page_is_as_the_document() -> None:
    assert runbook_page.PAGE.read_text() == runbook_page.render(), "run `make runbook`"


@ON_SQLITE
def test_it_is_read_while_the_database_is_away(client: Client) -> None:
    suspend(database.current())
    answer = client.get("/docs/runbook", key=None)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", MARKDOWN, flags=re.DOTALL), flags=re.MULTILINE)
    assert anchors(answer.text) == {runbook_page.anchor_of(title) for title in titles}
    # Nothing leads to documents that are not served, and no text of the document is read as a template or as markup.
    links = set(re.findall(r"<article.*</article>", answer.text, flags=re.DOTALL)[0].split('href="')[1:])
    assert {link.split('"')[0][:1] for link in links} == {"#"}
    assert {link.split('"')[0][1:] for link in links} <= anchors(answer.text)
    assert "raw %}" not in answer.text
    assert "<script>" not in answer.text
    again = client.get("/docs/runbook", key=None, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@ON_SQLITE
def test_every_check_leads_to_its_section(client: Client, app: Application) -> None:
    page = client.get("/docs/runbook", key=None).text
    checks: list[dict[str, Any]] = client.get("/health").json["checks"]
    assert {check["name"] for check in checks} <= RUNBOOK_SECTIONS.keys()
    for check in checks:
        path, _, section = check["runbook"].partition("#")
        assert path == "/docs/runbook"
        assert section in anchors(page), check["name"]
    assert all("runbook" not in check for check in client.get("/health", key=None).json["checks"])
