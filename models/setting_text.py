"""The texts of settings, as people and platforms write them."""

from __future__ import annotations

import re

MINIMUM_SECRET_LENGTH = 32
# Placeholders for secrets in tutorials, templates and our .env.example, reduced to letters and digits.
PLACEHOLDERS = ("changeme", "changethis", "changeinproduction", "replaceme", "replacethis", "yoursecret", "yourapikey", "insecure")
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
