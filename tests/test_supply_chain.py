"""Installed packages: pinned by version and hash, independent of a package index, and with a recorded licence."""

from __future__ import annotations

import json
import re

import pytest
from kit.paths import ROOT
from packaging.utils import canonicalize_name

from features.operations.checks.application import requirements
from tools.third_party_licenses import (
    DOCUMENT,
    VENDORED,
    Component,
    installed_version,
    python_components,
    render,
    vendored_components,
)

LOCKED = ["requirements", "requirements-yahoo", "requirements-apprise", "requirements-dev", "requirements-tools", "benchmarks/requirements"]
RUNTIME = (ROOT / "requirements.txt").read_text()
EXTRA = (ROOT / "requirements-yahoo.txt").read_text()


def versions(text: str) -> dict[str, str]:
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in requirements(text)}


def rows(document: str) -> list[Component]:
    """The rows of the tables of a Markdown document, without their heads."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in document.splitlines() if line.startswith("| ")]
    return [Component(*row) for row in cells if row[0] != "name"]


# ---- requirements -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_is_pinned_by_hash(name: str) -> None:
    """The file has only pins and hashes: no index, no path, no option that depends on a machine."""
    for block in re.split(r"\n(?=\S)", (ROOT / f"{name}.txt").read_text().strip()):
        if not block.startswith("#"):
            pin, *hashes = [line for line in block.split("\n") if not line.strip().startswith("#")]
            assert re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.+!]+( ; [^\\]+)? \\", pin), pin
            assert hashes, pin
            for line in hashes:
                assert re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?", line), f"{pin}: {line}"


@pytest.mark.parametrize("name", LOCKED)
def test_the_pins_are_those_that_were_asked_for(name: str) -> None:
    requested = versions((ROOT / f"{name}.in").read_text())
    locked = versions((ROOT / f"{name}.txt").read_text())
    assert requested
    assert requested.items() <= locked.items(), "run `make lock`"


@pytest.mark.parametrize("name", ["requirements-dev", "benchmarks/requirements"])
def test_what_is_tested_is_what_runs(name: str) -> None:
    assert versions(RUNTIME).items() <= versions((ROOT / f"{name}.txt").read_text()).items(), "run `make lock`"


def test_the_packages_that_check_the_pages_are_pinned_by_hash() -> None:
    """The lock file names no host either: the registry is a setting of the machine."""
    manifest = json.loads((ROOT / "package.json").read_text())
    assert manifest["private"] is True
    assert manifest.keys().isdisjoint({"dependencies", "scripts"})
    root, *packages = json.loads((ROOT / "package-lock.json").read_text())["packages"].items()
    assert root[1]["devDependencies"] == manifest["devDependencies"], "run `npm install --omit-lockfile-registry-resolved`"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in manifest["devDependencies"].values())
    assert len(packages) >= len(manifest["devDependencies"])
    for name, package in packages:
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_the_types_of_the_vendored_library_are_those_of_its_version() -> None:
    requested = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    libraries = {row.name.split()[0]: row.version for row in vendored_components(VENDORED.read_text())}
    assert {name: requested[name] for name in libraries} == libraries


# ---- licences ---------------------------------------------------------------------------------------------------------------------


def test_every_package_and_library_has_its_licence_written_down() -> None:
    listed = rows(DOCUMENT.read_text())
    libraries = vendored_components(VENDORED.read_text())
    assert {row.name: row.version for row in listed} == versions(RUNTIME) | versions(EXTRA) | {
        row.name: row.version for row in libraries
    }, "run `make licenses`"
    for row in listed:
        assert row.licence, row
        assert "UNKNOWN" not in row.licence.upper(), row
        assert row.home_page.startswith("http"), row


def test_the_list_is_what_the_command_writes() -> None:
    """This test covers the installed packages; the command also downloads the metadata of packages for other platforms."""
    pins = [pin for pin in requirements(RUNTIME) if installed_version(pin.name) == next(iter(pin.specifier)).version]
    libraries = vendored_components(VENDORED.read_text())
    written = python_components("\n".join(map(str, pins)))
    assert len(written) > 50
    assert [row for row in (*written, *libraries) if row not in rows(DOCUMENT.read_text())] == []
    packages = rows(DOCUMENT.read_text())[: -len(libraries)]
    many = len(versions(RUNTIME))
    assert DOCUMENT.read_text() == render(packages[:many], packages[many:], libraries)


def test_every_vendored_library_is_in_the_table() -> None:
    folders = {path.name for path in VENDORED.parent.iterdir() if path.is_dir()}
    assert folders == {row.name.split()[0] for row in vendored_components(VENDORED.read_text())}
    for folder in folders:
        assert (VENDORED.parent / folder / "LICENSE").exists()


def test_the_project_has_a_licence_of_its_own() -> None:
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n\nCopyright (c) 2026 Bellwether contributors\n")
    assert '\nlicense = "MIT"\n' in (ROOT / "pyproject.toml").read_text()
