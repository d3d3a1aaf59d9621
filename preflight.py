"""Before a start: `python preflight.py [--json] [--strict]`. Every check, what it found, the remedy, and an exit code.

Changes nothing, and needs neither a schema nor a network nor Redis. Ends with 0 when a start would succeed, 1 when something critical is
wrong, and with --strict 2 when there are warnings only.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import Any

from config import VERSION, ConfigError, Fault, Settings
from database import Database, DatabaseOptions
from features.operations import health
from features.operations.checks.application import Route, fault_checks, pip_complaints
from models.health import Check, CheckState, HealthReport
from utils.logger import configure_logging

CRITICAL, WARNINGS_ONLY = 1, 2  # exit codes
WIDTH = 140
OTHERS = "The checks that need settings were left out. Correct the environment, then run this again."


def check_all(complaints_of_pip: Callable[[], list[str]] = pip_complaints) -> HealthReport:
    """Run every check that can be run."""
    try:
        settings = Settings.load()
    except ConfigError as error:
        return _refused(error.faults, complaints_of_pip)
    configure_logging(settings.log_level, as_json=settings.log_as_json)
    database = Database(DatabaseOptions.of(settings))
    try:
        return health.preflight(settings, database, partial(_routes_of, settings), complaints_of_pip)
    finally:
        database.close()


def table(report: HealthReport) -> str:
    """A report for people: a line for each check, and under it what to do."""
    width = max(len(check.name) for check in report.checks) + 2
    lines = [f"{'check':{width}}{'state':10}found"]
    for check in report.checks:
        lines += _wrapped(f"{check.name:{width}}{check.state:10}", check.found)
        if check.remedy and check.state in (CheckState.WARNING, CheckState.CRITICAL):
            lines += _wrapped(" " * (width + 10) + "→ ", check.remedy)
    counts = {state: sum(check.state is state for check in report.checks) for state in CheckState}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return "\n".join([*lines, "", f"Bellwether {VERSION}: {told}. {'Ready to start.' if report.ok else 'Not ready to start.'}"])


def main(arguments: list[str] | None = None) -> int:
    """Run the checks and print what they found; the exit code is 0, CRITICAL or WARNINGS_ONLY."""
    parser = argparse.ArgumentParser(prog="python preflight.py", description="Check whether the service can start here; changes nothing.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help=f"end with {WARNINGS_ONLY} when there are warnings")
    given = parser.parse_args(arguments)
    report = check_all()
    print(json.dumps(_as_json(report), indent=2, ensure_ascii=False) if given.json else table(report))
    if not report.ok:
        return CRITICAL
    return WARNINGS_ONLY if given.strict and report.has_warnings else 0


def _refused(faults: Iterable[Fault], complaints_of_pip: Callable[[], list[str]]) -> HealthReport:
    left_out = Check("others", CheckState.SKIPPED, is_critical=False, found=OTHERS, remedy=None, duration_ms=0.0)
    return HealthReport((*fault_checks(faults), *health.preflight_without_settings(complaints_of_pip).checks, left_out))


def _routes_of(settings: Settings) -> Iterable[Route]:
    from app import create_app  # noqa: PLC0415 — where a package is missing, this fails, and everything else is still checked

    rules = [rule for rule in create_app(settings).url_map.iter_rules() if not rule.websocket]  # those stand beside plain ones
    return [Route(rule.rule, frozenset(rule.methods or ()), rule.endpoint) for rule in rules]


def _as_json(report: HealthReport) -> dict[str, Any]:
    state = CheckState.CRITICAL if not report.ok else CheckState.WARNING if report.has_warnings else CheckState.OK
    return {"state": state, "version": VERSION, "checks": [asdict(check) for check in report.checks]}


def _wrapped(head: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - len(head)) or [""]
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]


if __name__ == "__main__":
    sys.exit(main())
