"""Products of matrices are computed in one thread of each process of the service."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from kit.paths import ROOT

# All threads of the process are Python's own, also after numpy has been loaded and has multiplied large matrices.
CODE = """
import os, threading
import {module}
import numpy as np
np.ones((600, 600)) @ np.ones((600, 600))
print(len(os.listdir("/proc/self/task")) - threading.active_count(), os.environ["OPENBLAS_NUM_THREADS"])
"""


@pytest.mark.parametrize("module", ["wsgi", "worker", "jobs.celery_app"])
def test_programs_have_one_thread_for_it(module: str) -> None:
    assert answer(module, {}) == "0 1"


def test_the_environment_may_say_otherwise() -> None:
    assert answer("worker", {"OPENBLAS_NUM_THREADS": "2"}).endswith(" 2")


def answer(module: str, told: dict[str, str]) -> str:
    """What CODE prints."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"} | told
    command = [sys.executable, "-c", CODE.format(module=module)]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return run.stdout.splitlines()[-1]
