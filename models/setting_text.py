"""The texts of settings, as people and platforms write them."""

from __future__ import annotations

import re
from typing import Any

MINIMUM_SECRET_LENGTH = 32
# Placeholders for secrets in tutorials, templates and our .env.example, reduced to letters and digits.
PLACEHOLDERS = ("changeme", "changethis", "changeinproduction", "replaceme", "replacethis", "yoursecret", "yourapikey", "insecure")
TYPE_NAMES = {"boolean": "true or false", "integer": "whole number", "number": "number", "string": "text", "array": "comma-separated list"}
FORMAT_NAMES = {"uri": "URL", "path": "path", "password": "secret"}  # nosec B105  # a format, and what a reader calls it
_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")
_NOT_LETTERS_OR_DIGITS = re.compile(r"[^a-z0-9]")


def tidy(value: str) -> str:
    """A value without the blanks and line ends around it, and without a pair of quotes around it."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    return value


def secret_problem(value: str, least: int = MINIMUM_SECRET_LENGTH) -> str | None:
    """Why a secret is none, or None. The answer has no piece of it."""
    if not value:
        return "it is missing."
    if len(value) < least:
        return f"it has {len(value)} characters; at least {least} are needed."
    if _BLANK_OR_CONTROL.search(value):
        return "there is a space or a control character in it, which no header can carry."
    bare = _NOT_LETTERS_OR_DIGITS.sub("", value.lower())
    if any(word in bare for word in PLACEHOLDERS):
        return "it is a known placeholder, not a secret."
    return None


def allowed_values(schema: dict[str, Any]) -> str:
    """What a field's JSON schema allows, in words: "whole number from 1 to 64". "Not set" is the default's business and is left out."""
    (only,) = (each for each in schema.get("anyOf", [schema]) if each.get("type") != "null")
    if "enum" in only:
        return f"one of {', '.join(only['enum'])}"
    kind = FORMAT_NAMES.get(only.get("format", ""), TYPE_NAMES[only["type"]])
    lowest, above, highest = only.get("minimum"), only.get("exclusiveMinimum"), only.get("maximum")
    if above is not None:
        return f"{kind} above {above}" + ("" if highest is None else f" and up to {highest}")
    if lowest is not None:
        return f"{kind}, {lowest} or more" if highest is None else f"{kind} from {lowest} to {highest}"
    return kind


def value_problem(schema: dict[str, Any]) -> str:
    """What is said of a value that a field's JSON schema does not allow."""
    allowed = allowed_values(schema)
    is_noun = not allowed.startswith(("true or false", "one of "))
    return f"it must be {'a ' if is_noun else ''}{allowed}."
