"""Passwords: which are taken, and how they are hashed and verified with bounded memory and threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from features.accounts.common_passwords import is_common
from models.account_errors import PasswordRefused, SignInBusy
from models.user import LONGEST_PASSWORD, SHORTEST_PASSWORD

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Result = TypeVar("Result")

MEMORY_KIB, PASSES, LANES = 32 * 1024, 3, 1  # above the second choice of OWASP's list, which takes 19 MiB and 2 passes
AT_ONCE = 2  # hashes in a process, of 32 MiB each
MOST_WAITING = 4  # requests in a process that hash or wait for it; each occupies a thread that others want
NICENESS = 10  # of the threads that hash: whoever reads a page goes first


class Passwords:
    """Hashes and verifies passwords, in threads of their own. Thread-safe."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MOST_WAITING)

    def hash(self, password: str) -> str:
        """The hash of a password to be stored, by argon2id with its parameters in it. Raises SignInBusy."""
        return self._run(lambda: self._hasher.hash(_bytes(password)))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password of a stored hash. Without one it takes as long and is false, so that nobody learns who has an account.

        Raises SignInBusy.
        """

        def check() -> bool:
            from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 — imported by the first sign-in

            try:
                return self._hasher.verify(stored or self._nobodys, _bytes(password)) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

        return self._run(check)

    def is_outdated(self, stored: str) -> bool:
        """Whether a stored hash has other parameters than new ones."""
        return self._hasher.check_needs_rehash(stored)

    def _run(self, work: Callable[[], Result]) -> Result:
        if not self._places.acquire(blocking=False):
            raise SignInBusy
        try:
            return self._threads.submit(work).result()
        finally:
            self._places.release()

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords", initializer=_stand_back)

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher  # noqa: PLC0415 — imported by the first sign-in

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)

    @cached_property
    def _nobodys(self) -> str:
        """The hash of a password that nobody has."""
        return self._hasher.hash(os.urandom(32))


def check_password(password: str, *own_words: str) -> None:
    """Raise PasswordRefused for a password that is too short, too long, among those that are tried first, or one of the person's own words.

    Any characters are taken, blanks and all scripts among them, and none are asked for.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused(f"A password has at least {SHORTEST_PASSWORD} characters; several words make a good one.")
    if len(password) > LONGEST_PASSWORD:
        raise PasswordRefused(f"A password has at most {LONGEST_PASSWORD} characters.")
    if is_common(password):
        raise PasswordRefused("This password is one of those that are tried first. Take another one; several words make a good one.")
    if password.casefold() in {word.casefold() for word in own_words}:
        raise PasswordRefused("The password is your name or your address. Take one that nobody can look up.")


def _bytes(password: str) -> bytes:
    # The whole password counts, every byte of it; what is no Unicode is kept as it is.
    return password.encode("utf-8", "surrogatepass")


def _stand_back() -> None:
    # Where threads have no priority of their own (outside Linux), they share the process's.
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
