"""Checks of the application itself: its configuration and secrets, its routes, and the packages that it runs on."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from config import HOW_TO_MAKE_ONE, Fault, Settings
from models.health import Check, CheckState, Finding, Probe, bad, doubtful, good

REQUIREMENTS = Path(__file__).parents[3] / "requirements.txt"
PIN = re.compile(r"[A-Za-z0-9][^\s;]*==[^\\\n]+")  # a requirement up to the backslash that its hashes come after
PIP_SECONDS = 25.0
REINSTALL = "Run `python -m pip install -r requirements.txt` in the environment of the service."
AUTOMATIC_METHODS = {"HEAD", "OPTIONS"}


class Route(NamedTuple):
    """One rule of the application: its path with `<variables>`, its methods, and its name."""

    path: str
    methods: frozenset[str]
    name: str


def fault_checks(faults: Iterable[Fault]) -> tuple[Check, ...]:
    """A configuration that is refused: one check for each fault."""
    return tuple(
        Check(f"environment.{fault.variable}", CheckState.CRITICAL, True, f"{fault.variable}: {fault.problem}", fault.remedy, 0.0)
        for fault in faults
    )


def environment_probe(settings: Settings) -> Probe:
    """The environment in force; what is wrong with it was refused before."""
    return Probe("environment", lambda: _environment(settings), "Correct the environment variables.")


def secrets_probe(settings: Settings) -> Probe:
    """Whether the secrets are there, and two."""
    return Probe("secrets", lambda: _secrets(settings), f"Make them with {HOW_TO_MAKE_ONE}.")


def routes_probe(routes: Callable[[], Iterable[Route]]) -> Probe:
    """Whether two routes are in each other's way; `routes` puts the application together."""
    return Probe("routes", lambda: duplicated_routes(routes()), "The application cannot be put together: deploy the version before.")


def packages_probe() -> Probe:
    """Whether the installed packages agree with each other and with the pins."""
    return Probe("packages", lambda: packages(REQUIREMENTS.read_text()), REINSTALL)


def duplicated_routes(routes: Iterable[Route]) -> Finding:
    """What to say of a set of routes: of two for the same path and method, the second is never reached."""
    known = list(routes)
    names_at: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for route in known:
        for method in route.methods - AUTOMATIC_METHODS:
            # `/x/<id>` and `/x/<name>` are one path.
            names_at[(method, re.sub(r"<(?:([^:<>]+):)?[^<>]+>", r"<\1>", route.path))].append(route.name)
    faults = [f"{method} {path}: {', '.join(sorted(names))}" for (method, path), names in sorted(names_at.items()) if len(names) > 1]
    faults += [f"the name {name}: {count} routes" for name, count in sorted(Counter(route.name for route in known).items()) if count > 1]
    if faults:
        return bad(f"Given twice: {'; '.join(faults)}.", "Take one of each out, or give it a path and a name of its own.")
    return good(f"{len(known)} routes, none twice.")


def packages(pins: str) -> Finding:
    """What to say of what is installed beside `pins`, the text of a requirements file."""
    here = [pin for pin in requirements(pins) if pin.marker is None or pin.marker.evaluate()]
    pinned = {pin.name: next(iter(pin.specifier)).version for pin in here}
    installed = {name: _version_of(name) for name in pinned}
    missing = sorted(name for name, version in installed.items() if version is None)
    if missing:
        return bad(f"Not installed: {', '.join(missing)}.", REINSTALL)
    complaints = _pip_check()
    if complaints:
        return bad(f"pip finds: {'; '.join(complaints[:5])}", REINSTALL)
    others = [f"{name} {installed[name]} (pinned: {version})" for name, version in pinned.items() if installed[name] != version]
    if others:
        return doubtful(f"Other versions than tested: {', '.join(others)}.", REINSTALL)
    return good(f"{len(pinned)} packages are installed as pinned.")


def requirements(pins: str) -> list[Requirement]:
    """What `pins`, the text of a requirements file, asks for on any platform and version of Python."""
    return [Requirement(match[0]) for line in pins.splitlines() if (match := PIN.match(line))]


def _environment(settings: Settings) -> Finding:
    return good(f"{settings.environment}; Python {sys.version.split()[0]}; jobs by {settings.job_engine}.")


def _secrets(settings: Settings) -> Finding:
    given = [secret.get_secret_value() for secret in (settings.master_api_key, settings.secret_key) if secret]
    if len(given) == 2 and given[0] == given[1]:
        return doubtful("MASTER_API_KEY and SECRET_KEY are the same.", f"Make another one with {HOW_TO_MAKE_ONE}: who learns one has both.")
    if len(given) == 2:
        return good("MASTER_API_KEY and SECRET_KEY are set.")
    return good("What is not set is made at start and kept in DATA_DIR.")


def _version_of(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _pip_check() -> list[str]:
    """What pip complains of; nothing where pip is not installed."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)  # noqa: S603 — this very Python
    if done.returncode == 0 or "No module named pip" in done.stderr:
        return []
    return done.stdout.strip().splitlines() or ["pip check failed."]
