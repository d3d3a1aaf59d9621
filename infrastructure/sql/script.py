"""Splitting an SQL script into its statements, in time that grows as its length does."""

import re
from collections.abc import Iterator

# One token that may contain a semicolon without ending the statement: comments, quoted texts and names, dollar-quoted bodies. One that is
# not closed reaches to the end of the script. A doubled quote ends one text and begins the next, which comes to the same here.
_OPAQUE = r"""--[^\n]*
      | /\*.*?(?:\*/|\Z)
      | '[^']*(?:'|\Z)
      | "[^"]*(?:"|\Z)
      | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
"""
_TOKEN = re.compile(rf"(?P<opaque>{_OPAQUE}) | ;", re.VERBOSE | re.DOTALL)
_TRIGGER = re.compile(r"\s*CREATE\s+(TEMP\w*\s+)?TRIGGER\b.*\bBEGIN\b", re.IGNORECASE | re.DOTALL)


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script in order, without their semicolons, leaving out what is only comment or blank."""
    start = piece = 0  # where the statement began, and where what follows its last semicolon
    is_trigger = False
    for token in _TOKEN.finditer(script):
        if token["opaque"] is not None:
            continue
        text = without_comments(script[piece : token.start()])
        piece = token.end()
        # An SQLite trigger's body has semicolons of its own, and ends with an END between two of them.
        is_trigger = text.strip().upper() != "END" if is_trigger else bool(_TRIGGER.match(text))
        if not is_trigger:
            yield from _worth_running(script[start : token.start()])
            start = piece
    yield from _worth_running(script[start:])


def without_comments(script: str) -> str:
    """The script with every comment replaced by a space."""
    return _TOKEN.sub(lambda token: " " if token[0].startswith(("--", "/*")) else token[0], script)


def tables_made(script: str) -> Iterator[tuple[str, bool]]:
    """The tables that a script makes (True) and removes (False), in order, read from its CREATE, DROP and RENAME statements."""
    for statement in map(without_comments, statements(script)):
        if match := re.match(r"\s*CREATE TABLE (?:IF NOT EXISTS )?(\w+)", statement, re.IGNORECASE):
            yield match[1], True
        elif match := re.match(r"\s*DROP TABLE (?:IF EXISTS )?(\w+)", statement, re.IGNORECASE):
            yield match[1], False
        elif match := re.match(r"\s*ALTER TABLE (\w+) RENAME TO (\w+)", statement, re.IGNORECASE):
            yield match[1], False
            yield match[2], True


def _worth_running(statement: str) -> Iterator[str]:
    if without_comments(statement).strip():
        yield statement.strip()
