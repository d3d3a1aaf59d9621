"""Checks of the application: configuration, secrets, routes and installed packages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from config import Fault, Settings
from infrastructure.flags import FeatureFlags
from models.feature_flag import FeatureFlag
from models.health import Check, CheckState, Finding, Probe, bad, doubtful, good
from models.setting_rules import GENERATE_COMMAND

if TYPE_CHECKING:
    from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).parents[3] / "requirements.txt"
PIN = re.compile(r"[A-Za-z0-9][^\s;]*==[^\\\n]+")  # a requirement up to the backslash that its hashes come after
PIP_SECONDS = 25.0
SWITCH_ON = "Where the reason no longer holds, switch it on again: on the page Diagnostics, or by PUT /api/v1/admin/flags/{name}."
REINSTALL = "Run `python -m pip install -r requirements.txt` in the environment of the service."
AUTOMATIC_METHODS = {"HEAD", "OPTIONS"}


class Route(NamedTuple):
    """One rule of the application: its path with `<variables>`, its methods, and its name."""

    path: str
    methods: frozenset[str]
    name: str


def fault_checks(faults: Iterable[Fault]) -> tuple[Check, ...]:
    """The faults of a refused configuration as checks."""
    return tuple(
        Check(f"environment.{fault.variable}", CheckState.CRITICAL, True, f"{fault.variable}: {fault.problem}", fault.remedy, 0.0)
        for fault in faults
    )


def environment_probe(settings: Settings) -> Probe:
    """The settings in force; faulty settings are refused before this runs."""
    return Probe("environment", lambda: _environment(settings), "Correct the environment variables.")


def secrets_probe(settings: Settings) -> Probe:
    """Whether both secrets are set, and differ."""
    return Probe("secrets", lambda: _secrets(settings), f"Make them with {GENERATE_COMMAND}.")


def flags_probe(flags: FeatureFlags) -> Probe:
    """Whether every feature flag is on. Never critical: somebody has switched them off on purpose."""
    return Probe("flags", lambda: _flags(flags), SWITCH_ON, is_critical=False, needs=("schema",))


def routes_probe(routes: Callable[[], Iterable[Route]]) -> Probe:
    """Whether no two routes collide; `routes` builds the application."""
    return Probe("routes", lambda: duplicated_routes(routes()), "The application cannot be built: deploy the previous version.")


def pip_complaints() -> list[str]:
    """The complaints of `pip check`; none where pip is not installed."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "check"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)  # noqa: S603 — the running Python
    if result.returncode == 0 or "No module named pip" in result.stderr:
        return []
    return result.stdout.strip().splitlines() or ["pip check failed."]


def packages_probe(complaints_of_pip: Callable[[], list[str]]) -> Probe:
    """Whether the installed packages agree with each other and with the pins."""
    return Probe("packages", lambda: packages(REQUIREMENTS.read_text(), complaints_of_pip), REINSTALL)


def duplicated_routes(routes: Iterable[Route]) -> Finding:
    """Check for duplicate routes: of two with the same path and method, the second is never reached."""
    routes = list(routes)
    names_at: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for route in routes:
        for method in route.methods - AUTOMATIC_METHODS:
            # `/x/<id>` and `/x/<name>` are the same path.
            names_at[(method, re.sub(r"<(?:([^:<>]+):)?[^<>]+>", r"<\1>", route.path))].append(route.name)
    faults = [f"{method} {path}: {', '.join(sorted(names))}" for (method, path), names in sorted(names_at.items()) if len(names) > 1]
    faults += [f"the name {name}: {count} routes" for name, count in sorted(Counter(route.name for route in routes).items()) if count > 1]
    if faults:
        return bad(f"Duplicate routes: {'; '.join(faults)}.", "Remove one of each, or give it its own path and name.")
    return good(f"{len(routes)} routes, no duplicates.")


def packages(pins: str, complaints_of_pip: Callable[[], list[str]] = pip_complaints) -> Finding:
    """Compare the installed packages with `pins`, the text of a requirements file."""
    applicable = [pin for pin in requirements(pins) if pin.marker is None or pin.marker.evaluate()]
    pinned = {pin.name: next(iter(pin.specifier)).version for pin in applicable}
    installed = {name: _version_of(name) for name in pinned}
    missing = sorted(name for name, version in installed.items() if version is None)
    if missing:
        return bad(f"Not installed: {', '.join(missing)}.", REINSTALL)
    try:
        complaints = complaints_of_pip()
    except subprocess.TimeoutExpired as error:
        return doubtful(f"`pip check` took longer than {error.timeout:.0f} s.", "Run it again when the machine has less to do.")
    if complaints:
        return bad(f"pip finds: {'; '.join(complaints[:5])}", REINSTALL)
    unpinned = [f"{name} {installed[name]} (pinned: {version})" for name, version in pinned.items() if installed[name] != version]
    if unpinned:
        return doubtful(f"Versions that were not tested: {', '.join(unpinned)}.", REINSTALL)
    return good(f"{len(pinned)} packages are installed as pinned.")


def requirements(pins: str) -> list[Requirement]:
    """The requirements in `pins`, the text of a requirements file, for any platform and version of Python."""
    from packaging.requirements import Requirement  # noqa: PLC0415 — only preflight reads them

    return [Requirement(match[0]) for line in pins.splitlines() if (match := PIN.match(line))]


def _flags(flags: FeatureFlags) -> Finding:
    off = [flag for flag in flags.list_flags() if not flag.enabled]
    if not off:
        return good("Every feature is switched on.")
    return doubtful(f"Switched off: {'; '.join(map(_since, off))}.", SWITCH_ON)


def _since(flag: FeatureFlag) -> str:
    since = f" since {flag.changed_at:%Y-%m-%d %H:%M} UTC" if flag.changed_at else ""
    return f"{flag.name}{since}{f' ({flag.reason})' if flag.reason else ''}"


def _environment(settings: Settings) -> Finding:
    spare = settings.web_threads - 1
    shares = {"MAX_STREAMS": settings.max_streams, "HEAVY_REQUESTS_AT_ONCE": settings.heavy_requests_at_once}
    unused = [name for name, share in shares.items() if name.lower() in settings.model_fields_set and share > max(1, spare)]
    if unused:
        what = " and ".join(f"{name}={shares[name]}" for name in unused)
        return doubtful(
            f"{what} can never be reached: WEB_THREADS={settings.web_threads}, and one thread is left for other requests.",
            f"Raise WEB_THREADS, or lower {' and '.join(unused)} to {max(1, spare)}.",
        )
    runner = {"local": "by local worker processes", "celery": "by Celery"}[settings.job_engine]
    return good(f"This is {settings.environment} on Python {sys.version.split()[0]}. Jobs are run {runner}.")


def _secrets(settings: Settings) -> Finding:
    secrets = [secret.get_secret_value() for secret in (settings.master_api_key, settings.secret_key) if secret]
    if len(secrets) == 2 and secrets[0] == secrets[1]:
        return doubtful("MASTER_API_KEY and SECRET_KEY are the same.", f"Make another one with {GENERATE_COMMAND}: one leak exposes both.")
    if len(secrets) == 2:
        return good("MASTER_API_KEY and SECRET_KEY are set.")
    return good("Secrets that are not set are generated at start and stored in DATA_DIR.")


def _version_of(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
