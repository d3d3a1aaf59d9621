"""Calls with a time limit."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class TookTooLong(Exception):
    """The call has not ended in time. Its thread goes on until it ends by itself; what it answers is dropped."""


def within(seconds: float, name: str, call: Callable[[], Any]) -> Any:
    """What a call returns or raises. Raises TookTooLong after `seconds`.

    A thread cannot be killed, so one that hangs for ever stays until its process ends. One that keeps the interpreter from running anything
    else stops the worker's heartbeat as well: then the job machine runs the key in a process of its own, which it kills.
    """
    answers: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # noqa: BLE001 — raised in the caller's thread
            errors.append(error)

    context = contextvars.copy_context()  # what the log knows
    thread = threading.Thread(target=lambda: context.run(run), name=f"step-{name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if answers:
        return answers[0]
    log.warning("a step hangs, its thread is left", step=name, seconds=seconds)
    raise TookTooLong
