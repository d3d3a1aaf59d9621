"""No request of a test leaves the machine: not of its own process, and not of the Python processes that it starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from kit.guarded import loopback_only
from kit.paths import ROOT

GUARD = str(ROOT / "tests" / "kit" / "guarded")


class Guard:
    """Holds from its start on. `left` tells what was tried since the last look."""

    def __init__(self, note: Path) -> None:
        self._note = note

    def start(self) -> None:
        """Guard this process and those to come, whatever environment they get."""
        loopback_only.enforce(str(self._note))
        self._add_to(os.environ)
        begin = subprocess.Popen.__init__

        def begin_guarded(popen: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
            if options.get("env") is not None:
                options["env"] = dict(options["env"])
                self._add_to(options["env"])
            begin(popen, *arguments, **options)

        subprocess.Popen.__init__ = begin_guarded  # type: ignore[assignment, method-assign]

    def left(self) -> list[str]:
        """What was tried; forgets it."""
        if not self._note.exists():
            return []
        tried = self._note.read_text().splitlines()
        self._note.unlink()
        return tried

    def _add_to(self, environment: MutableMapping[str, str]) -> None:
        environment[loopback_only.VARIABLE] = str(self._note)
        path = environment.get("PYTHONPATH", "")
        if GUARD not in path.split(os.pathsep):
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, (GUARD, path)))
