"""`make licenses`: docs/third-party-licenses.md, the licences of all that the service runs on.

Packages are those of requirements.txt and of the extra, each as its own metadata states it; libraries of the dashboard are those of
web/static/vendor/README.md.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from features.operations.checks.application import requirements

ROOT = Path(__file__).parent.parent
REQUIREMENTS, EXTRA = ROOT / "requirements.txt", ROOT / "requirements-yahoo.txt"
VENDORED = ROOT / "web" / "static" / "vendor" / "README.md"
DOCUMENT = ROOT / "docs" / "third-party-licenses.md"
# Licences that the metadata does not state, from the licence file in the wheel.
UNSTATED_LICENCES = {"peewee": "MIT", "ta-lib": "BSD-2-Clause"}
HOME_LABELS = ("homepage", "home", "source", "source code", "repository", "github", "documentation")
HEAD = """# Third-party licences

Written by `make licenses`; do not edit. Bellwether itself is under the [MIT licence](../LICENSE).

## Python packages

Every package of `requirements.txt`, including those that only some platforms need. Some wheels contain libraries of others under their own
licences: psycopg2-binary contains libpq (PostgreSQL) and OpenSSL (Apache-2.0); ta-lib, the C library TA-Lib (BSD-3-Clause).

"""
EXTRA_HEAD = """
## Python packages of the provider yahoo

What `requirements-yahoo.txt` installs besides, where somebody wants it. The wheel of curl_cffi contains curl (curl) and BoringSSL
(Apache-2.0); that of pandas lists what it contains.

"""
VENDORED_HEAD = """
## JavaScript

Vendored in `web/static/vendor`, with the full text of each licence.

"""


class Component(NamedTuple):
    """A package or library that the service runs on; `licence` as its author states it."""

    name: str
    version: str
    licence: str
    home_page: str


def python_components(pins: str) -> list[Component]:
    """Every package in `pins`, the text of a requirements file; packages that are not installed are downloaded for their metadata.

    Raises `metadata.PackageNotFoundError`.
    """
    pinned = {pin.name: next(iter(pin.specifier)).version for pin in requirements(pins)}
    with tempfile.TemporaryDirectory() as folder:
        missing = [f"{name}=={version}" for name, version in pinned.items() if installed_version(name) != version]
        if missing:
            options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--target", folder]
            subprocess.run([sys.executable, "-m", "pip", "install", *options, *missing], check=True)
        return [_described(name, version, folder) for name, version in sorted(pinned.items())]


def installed_version(name: str) -> str | None:
    """The version of a package in this environment."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def vendored_components(readme: str) -> list[Component]:
    """The libraries in the table of `readme`, the text of web/static/vendor/README.md."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in readme.splitlines() if line.startswith("|")]
    return [Component(*row[:4]) for row in rows[2:]]


def render(packages: list[Component], extras: list[Component], libraries: list[Component]) -> str:
    """The document."""
    return HEAD + _table(packages) + EXTRA_HEAD + _table(extras) + VENDORED_HEAD + _table(libraries)


def _described(name: str, version: str, folder: str) -> Component:
    distributions = metadata.distributions(name=name, path=[folder, *sys.path])
    distribution = next((candidate for candidate in distributions if candidate.version == version), None)
    if distribution is None:
        raise metadata.PackageNotFoundError(f"{name}=={version}")
    about = distribution.metadata
    classifiers = [text.rsplit(" :: ", 1)[1] for text in about.get_all("Classifier", []) if text.startswith("License :: ")]
    licence = _field(about, "License-Expression") or ", ".join(classifiers) or _field(about, "License") or UNSTATED_LICENCES.get(name)
    if not licence:
        raise SystemExit(f"{name} {version} states no licence: read its licence file and add it to UNSTATED_LICENCES.")
    urls = [re.split(r",\s*", text, maxsplit=1) for text in about.get_all("Project-URL", [])]
    links = {label.lower(): url for label, url in urls}
    home_page = _field(about, "Home-page") or next((links[label] for label in HOME_LABELS if label in links), "")
    return Component(name, version, licence, home_page)


def _field(about: metadata.PackageMetadata, name: str) -> str:
    return next(iter(about.get_all(name, [])), "")


def _table(components: list[Component]) -> str:
    rows = [f"| {' | '.join(component)} |\n" for component in components]
    return "| name | version | licence | home page |\n|---|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    service = python_components(REQUIREMENTS.read_text())
    extras = [component for component in python_components(EXTRA.read_text()) if component not in service]
    DOCUMENT.write_text(render(service, extras, vendored_components(VENDORED.read_text())))
