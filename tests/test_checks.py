"""The checks stand in two places: the hooks before a commit run the same checks as the Makefile."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
HOOKS = ROOT / ".pre-commit-config.yaml"
MAKEFILE = (ROOT / "Makefile").read_text()


def hooks() -> list[dict[str, object]]:
    return [hook for repository in yaml.safe_load(HOOKS.read_text())["repos"] for hook in repository["hooks"]]


def commands_of_check() -> set[str]:
    """The commands of the targets of `check`: their recipes, except that of `check-js`, which depends on npm."""
    names = re.search(r"^CHECKS := (.*)$", MAKEFILE, re.MULTILINE)
    assert names
    recipes = [re.search(rf"^{name}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE) for name in names[1].split() if name != "check-js"]
    lines = [line for recipe in recipes if recipe for line in recipe[1].splitlines()]
    return {line.strip().removeprefix("@").replace("$(BIN)", ".venv/bin") for line in lines} | {"make --no-print-directory check-js"}


def test_the_hooks_run_what_make_check_runs() -> None:
    assert re.search(r"^CHECKS := .*\bcheck-js\b", MAKEFILE, re.MULTILINE)
    assert re.search(r"^check: .*\n.*\$\(CHECKS\)$", MAKEFILE, re.MULTILINE)
    assert {hook["entry"] for hook in hooks()} == commands_of_check()
    assert len(commands_of_check()) >= 6


def test_no_hook_brings_tools_of_its_own() -> None:
    assert {repository["repo"] for repository in yaml.safe_load(HOOKS.read_text())["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks()} == {"system"}


def test_pre_commit_accepts_its_configuration() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(HOOKS)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_make_alone_lists_the_targets() -> None:
    """Every target that a user calls has a line of help."""
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    named = set(re.findall(r"^make ([a-z-]+) +\S", listed, re.MULTILINE))
    assert set(phony[1].split()) - {"format-js"} == named
