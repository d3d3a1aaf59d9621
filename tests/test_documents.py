"""The lists in the documents are complete: decisions, libraries, links between documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
CHOSEN = [
    "requirements.in",
    "requirements-yahoo.in",
    "requirements-apprise.in",
    "requirements-dev.in",
    "requirements-tools.in",
    "benchmarks/requirements.in",
]
VENDORED = "web/static/vendor/README.md"


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_its_row(path: Path) -> None:
    text = path.read_text()
    title = re.match(rf"# {path.name[:4]}: (.+)\n\nDate: (\d{{4}}-\d\d-\d\d)\n", text)
    assert title
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Decision", "Reason", "Rejected"]
    row = f"| [{path.name[:4]}]({path.name}) | {title[2]} | {title[1]}{' (superseded)' if 'Superseded by' in text else ''} |"
    assert row in (path.parent / "README.md").read_text()


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_superseded_decision_and_its_successor_name_each_other(path: Path) -> None:
    for word, answer in (("Superseded by", "Supersedes"), ("Supersedes", "Superseded by")):
        for other in re.findall(rf"^{word} \[\d+\]\(([\w-]+\.md)\)", path.read_text(), re.MULTILINE):
            assert f"{answer} [{path.name[:4]}]({path.name})" in (path.parent / other).read_text()


def test_every_library_has_its_reason_and_no_other_is_listed() -> None:
    cells = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", (ROOT / "docs" / "design-notes.md").read_text(), re.MULTILINE)
    listed = {re.sub(r" \(.+\)", "", library.strip()).lower() for cell in cells for library in cell.split(",")} - {"library"}
    lines = [line for name in CHOSEN for line in (ROOT / name).read_text().splitlines() if line and line[0] not in "#-"]
    vendored = re.findall(r"^\| ([\w-]+) ", (ROOT / VENDORED).read_text(), re.MULTILINE)[1:]
    assert listed == {Requirement(line).name.lower() for line in lines} | set(vendored)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", text):
        target = document.parent / link if link else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), f"{link}#{anchor}"
