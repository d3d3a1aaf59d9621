"""The garbage collector leaves alone what a program creates while it loads."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from kit.paths import ROOT

from infrastructure.garbage import loading


@pytest.mark.parametrize("module", ["wsgi", "worker", "db_migrations"])
def test_what_a_program_loads_is_not_traversed_again(module: str) -> None:
    code = f"import gc, sys, {module}; sys.exit(not (gc.isenabled() and gc.get_freeze_count() > len(gc.get_objects())))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0


def test_the_collector_runs_again_after_a_failed_load() -> None:
    try:
        with pytest.raises(SystemExit), loading():
            sys.exit()
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_a_load_within_another_leaves_the_collector_off() -> None:
    try:
        with loading():
            with loading():
                pass
            assert not gc.isenabled()
        assert gc.isenabled()
    finally:
        gc.unfreeze()
