"""Coverage of the processes that tests start with an environment of their own."""

from __future__ import annotations

import os
import subprocess
from typing import Any

VARIABLE = "COVERAGE_PROCESS_CONFIG"  # by it coverage.py measures a Python process from its start


def measure_started_processes() -> None:
    """Add the variable to every environment that a test makes for a process, where this run is measured."""
    value = os.environ.get(VARIABLE)
    if value is None:
        return
    start = subprocess.Popen.__init__

    def start_measured(self: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
        if options.get("env") is not None:
            options["env"] = {VARIABLE: value, **options["env"]}
        start(self, *arguments, **options)

    subprocess.Popen.__init__ = start_measured  # type: ignore[method-assign]
