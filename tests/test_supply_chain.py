"""What is installed: every package by version and hash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from services.check_application import requirements

ROOT = Path(__file__).parent.parent
LOCKED = ["requirements", "requirements-dev", "requirements-tools", "benchmarks/requirements"]
RUNTIME = (ROOT / "requirements.txt").read_text()


def versions(text: str) -> dict[str, str]:
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in requirements(text)}


# ---- requirements -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_is_pinned_by_hash(name: str) -> None:
    """Nothing but pins and hashes: no index, no path, no option that a machine has and others do not."""
    for block in re.split(r"\n(?=\S)", (ROOT / f"{name}.txt").read_text().strip()):
        if not block.startswith("#"):
            pin, *hashes = [line for line in block.split("\n") if not line.strip().startswith("#")]
            assert re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.+!]+( ; [^\\]+)? \\", pin), pin
            assert hashes, pin
            for line in hashes:
                assert re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?", line), f"{pin}: {line}"


@pytest.mark.parametrize("name", LOCKED)
def test_the_pins_are_those_that_were_asked_for(name: str) -> None:
    asked = versions((ROOT / f"{name}.in").read_text())
    locked = versions((ROOT / f"{name}.txt").read_text())
    assert asked
    assert asked.items() <= locked.items(), "run `make lock`"


@pytest.mark.parametrize("name", ["requirements-dev", "benchmarks/requirements"])
def test_what_is_tested_is_what_runs(name: str) -> None:
    assert versions(RUNTIME).items() <= versions((ROOT / f"{name}.txt").read_text()).items(), "run `make lock`"
