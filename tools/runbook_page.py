"""`make runbook`: web/templates/runbook_text.html, the runbook as the service shows it at /docs/runbook, from docs/runbook.md."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs" / "runbook.md"
PAGE = ROOT / "web" / "templates" / "runbook_text.html"
HEAD = "{# Written by `make runbook` from docs/runbook.md; do not edit. #}\n{% raw %}"


def render() -> str:
    """The text of the runbook as HTML, for a template."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(SOURCE.read_text())
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor_of(tokens[number + 1].content))
        if token.type == "inline":
            token.children = _without_documents(token.children or [])
    html = markdown.renderer.render(tokens, markdown.options, {})
    # Wide tables and commands scroll by themselves, by keyboard, too.
    html = html.replace("<table>", '<div class="table-scroll" tabindex="0" role="region" aria-label="Table"><table>').replace(
        "</table>", "</table></div>"
    )
    html = html.replace("<th>", '<th scope="col">').replace("<pre>", '<pre tabindex="0">')
    return f"{HEAD}{html}{{% endraw %}}\n"


def anchor_of(title: str) -> str:
    """The anchor of a section, as in docs/runbook.md on its forge."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _without_documents(tokens: list[Token]) -> list[Token]:
    """The tokens of a text, in which links to other documents are emphasis: the service does not serve those."""
    result, is_document = [], False
    for token in tokens:
        if token.type == "link_open" and not str(token.attrGet("href")).startswith("#"):
            is_document = True
            result.append(Token("em_open", "em", 1, attrs={"title": f"docs/{token.attrGet('href')}"}))
        elif token.type == "link_close" and is_document:
            is_document = False
            result.append(Token("em_close", "em", -1))
        else:
            result.append(token)
    return result


def main() -> None:
    """Write the page."""
    PAGE.write_text(render())


if __name__ == "__main__":
    main()
