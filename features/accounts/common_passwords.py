"""Passwords that are tried first. They are kept as short digests, so that the list itself is not spread."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent.parent.parent / "data" / "common_passwords.bin"
DIGEST_BYTES = 6  # among 10,000, another password is taken for one of them once in 28 billion times


def digest(password: str) -> bytes:
    """The digest of a password by which it is found, the same for capitals and small letters."""
    return hashlib.sha256(password.casefold().encode("utf-8", "surrogatepass")).digest()[:DIGEST_BYTES]


def is_common(password: str) -> bool:
    """Whether a password is among those that are tried first, in capitals or not."""
    digests, wanted = _digests(), digest(password)
    at = bisect_left(digests, wanted)
    return at < len(digests) and digests[at] == wanted


@cache
def _digests() -> list[bytes]:
    data = FILE.read_bytes()
    return [data[at : at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES)]
