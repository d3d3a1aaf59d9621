"""Checks whether the service can start here: `python preflight.py [--json] [--strict]` prints each check, its finding and its remedy.

It changes nothing, and needs no schema, network or Redis. The exit code is 0 when a start would succeed, 1 when a critical check fails,
and with --strict 2 when there are only warnings.
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
from features import load_features
from features.operations import health
from features.operations.checks.application import Route, fault_checks, pip_complaints
from models.health import Check, CheckState, HealthReport
from utils.logger import configure_logging

CRITICAL, WARNINGS_ONLY = 1, 2  # exit codes
WIDTH = 140
SKIPPED = "The checks that need settings were skipped. Correct the environment, then run this again."


def check_all(complaints_of_pip: Callable[[], list[str]] = pip_complaints) -> HealthReport:
    """Run every check, or only those without settings when the settings are invalid."""
    try:
        settings = Settings.load()
        load_features(settings)
    except ConfigError as error:
        return _report_faults(error.faults, complaints_of_pip)
    configure_logging(settings.log_level, as_json=settings.log_as_json)
    database = Database(DatabaseOptions.of(settings))
    try:
        return health.preflight(settings, database, partial(_list_routes, settings), complaints_of_pip)
    finally:
        database.close()


def table(report: HealthReport) -> str:
    """The report as text: a line for each check, and its remedy below it."""
    width = max(len(check.name) for check in report.checks) + 2
    lines = [f"{'check':{width}}{'state':10}found"]
    for check in report.checks:
        lines += _wrap(f"{check.name:{width}}{check.state:10}", check.found)
        if check.remedy and check.state in (CheckState.WARNING, CheckState.CRITICAL):
            lines += _wrap(" " * (width + 10) + "→ ", check.remedy)
    counts = {state: sum(check.state is state for check in report.checks) for state in CheckState}
    summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return "\n".join([*lines, "", f"Bellwether {VERSION}: {summary}. {'Ready to start.' if report.ok else 'Not ready to start.'}"])


def main(arguments: list[str] | None = None) -> int:
    """Run the checks and print the report; return 0, CRITICAL or WARNINGS_ONLY."""
    parser = argparse.ArgumentParser(prog="python preflight.py", description="Check whether the service can start here; changes nothing.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help=f"end with {WARNINGS_ONLY} when there are warnings")
    options = parser.parse_args(arguments)
    report = check_all()
    print(json.dumps(_as_json(report), indent=2, ensure_ascii=False) if options.json else table(report))
    if not report.ok:
        return CRITICAL
    return WARNINGS_ONLY if options.strict and report.has_warnings else 0


def _report_faults(faults: Iterable[Fault], complaints_of_pip: Callable[[], list[str]]) -> HealthReport:
    skipped = Check("others", CheckState.SKIPPED, is_critical=False, found=SKIPPED, remedy=None, duration_ms=0.0)
    return HealthReport((*fault_checks(faults), *health.preflight_without_settings(complaints_of_pip).checks, skipped))


def _list_routes(settings: Settings) -> Iterable[Route]:
    from app import create_app  # noqa: PLC0415 — a missing package must fail this check only

    rules = [rule for rule in create_app(settings).url_map.iter_rules() if not rule.websocket]  # each has an HTTP rule of the same path
    return [Route(rule.rule, frozenset(rule.methods or ()), rule.endpoint) for rule in rules]


def _as_json(report: HealthReport) -> dict[str, Any]:
    state = CheckState.CRITICAL if not report.ok else CheckState.WARNING if report.has_warnings else CheckState.OK
    return {"state": state, "version": VERSION, "checks": [asdict(check) for check in report.checks]}


def _wrap(head: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - len(head)) or [""]
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]


if __name__ == "__main__":
    sys.exit(main())
