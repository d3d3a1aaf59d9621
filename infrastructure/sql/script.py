"""Splits an SQL script into its statements, in linear time."""

import re
from collections.abc import Iterator

# Tokens in which a semicolon does not end the statement: comments, quoted strings and names, dollar-quoted bodies. One that is not closed
# extends to the end of the script. A doubled quote matches as the end of one string and the start of the next, with the same result.
_OPAQUE = r"""--[^\n]*
      | /\*.*?(?:\*/|\Z)
      | '[^']*(?:'|\Z)
      | "[^"]*(?:"|\Z)
      | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
"""
_TOKEN = re.compile(rf"(?P<opaque>{_OPAQUE}) | ;", re.VERBOSE | re.DOTALL)
_TRIGGER = re.compile(r"\s*CREATE\s+(TEMP\w*\s+)?TRIGGER\b.*\bBEGIN\b", re.IGNORECASE | re.DOTALL)


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script in order, without semicolons; skip those with only comments or blanks."""
    start = piece = 0  # where the statement starts, and where the part after its last semicolon does
    is_trigger = False
    for token in _TOKEN.finditer(script):
        if token["opaque"] is not None:
            continue
        text = without_comments(script[piece : token.start()])
        piece = token.end()
        # The body of an SQLite trigger contains semicolons, and ends with an END between two of them.
        is_trigger = text.strip().upper() != "END" if is_trigger else bool(_TRIGGER.match(text))
        if not is_trigger:
            yield from _non_blank(script[start : token.start()])
            start = piece
    yield from _non_blank(script[start:])


def without_comments(script: str) -> str:
    """The script with every comment replaced by a space."""
    return _TOKEN.sub(lambda token: " " if token[0].startswith(("--", "/*")) else token[0], script)


def table_changes(script: str) -> Iterator[tuple[str, bool]]:
    """The tables that a script creates (True) and drops (False), in order, by its CREATE, DROP and RENAME statements."""
    for statement in map(without_comments, statements(script)):
        if match := re.match(r"\s*CREATE TABLE (?:IF NOT EXISTS )?(\w+)", statement, re.IGNORECASE):
            yield match[1], True
        elif match := re.match(r"\s*DROP TABLE (?:IF EXISTS )?(\w+)", statement, re.IGNORECASE):
            yield match[1], False
        elif match := re.match(r"\s*ALTER TABLE (\w+) RENAME TO (\w+)", statement, re.IGNORECASE):
            yield match[1], False
            yield match[2], True


def _non_blank(statement: str) -> Iterator[str]:
    if without_comments(statement).strip():
        yield statement.strip()
