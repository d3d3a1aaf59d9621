"""Splitting an SQL script into its statements."""

import re
import sqlite3
from collections.abc import Iterator

# One token that may contain a semicolon without ending the statement: comments, quoted texts and names, dollar-quoted bodies.
_OPAQUE = re.compile(
    r"""--[^\n]*
      | /\*.*?\*/
      | '(?:[^']|'')*'
      | "(?:[^"]|"")*"
      | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TRIGGER = re.compile(r"\s*CREATE\s+(TEMP\w*\s+)?TRIGGER\b.*\bBEGIN\b", re.IGNORECASE | re.DOTALL)


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script in order, without their semicolons, leaving out what is only comment or blank."""
    start = position = 0
    while position < len(script):
        opaque = _OPAQUE.match(script, position)
        if opaque:
            position = opaque.end()
            continue
        if script[position] == ";" and not _inside_trigger(script[start : position + 1]):
            yield from _worth_running(script[start:position])
            start = position + 1
        position += 1
    yield from _worth_running(script[start:])


def without_comments(script: str) -> str:
    """The script with every comment replaced by a space."""
    return _OPAQUE.sub(lambda match: " " if _COMMENT.fullmatch(match.group()) else match.group(), script)


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


def _inside_trigger(statement: str) -> bool:
    # An SQLite trigger's body has semicolons of its own; SQLite itself knows where it ends.
    return bool(_TRIGGER.match(without_comments(statement))) and not sqlite3.complete_statement(statement)


def _worth_running(statement: str) -> Iterator[str]:
    if without_comments(statement).strip():
        yield statement.strip()
