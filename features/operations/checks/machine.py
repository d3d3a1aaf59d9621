"""Checks of the machine: the folder for data, disk space, the port, and the time that the platform gives at shut-down."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from config import Settings
from database import normalize_url
from models.health import Finding, Probe, bad, doubtful, good, skipped

SPACE_DOUBTFUL, SPACE_BAD = 1_000_000_000, 100_000_000  # bytes
PLATFORM_FILE = Path(__file__).parents[3] / "railway.toml"
SPARE_SECONDS = 5.0  # between gunicorn's end and the platform's: what stops after the requests (workers, the pool) takes some, too
STORAGE_REMEDY = "Set DATA_DIR to a folder that the account of the service may write to."


def storage_probe(settings: Settings) -> Probe:
    """Whether what is written at run time can be."""
    return Probe("storage", lambda: _storage(settings.data_dir), STORAGE_REMEDY)


def disk_probe(settings: Settings) -> Probe:
    """Whether there is room for it."""
    return Probe("disk_space", lambda: disk_space(_data_folders(settings)), "See that the disk of DATA_DIR is mounted.")


def port_probe(settings: Settings) -> Probe:
    """Whether the server can listen."""
    # As gunicorn binds in production, and the development server elsewhere.
    host = "0.0.0.0" if settings.is_production else settings.host  # noqa: S104  # nosec B104  # closed at once
    return Probe("port", lambda: port_free(host, settings.port), "Set HOST and PORT to an address of this machine.")


def draining_probe(settings: Settings) -> Probe:
    """Whether the platform waits for longer than gunicorn does for its requests."""
    remedy = f"Correct {PLATFORM_FILE.name}."
    # Elsewhere than on that platform its file decides nothing, though it is what the settings were chosen beside.
    is_there = settings.railway_environment is not None
    return Probe("draining", lambda: _draining(settings.web_graceful_timeout), remedy, is_critical=is_there)


def nearest_folder(path: Path) -> Path:
    """The path itself if there is such a thing, else the nearest above it that exists."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def refusal_to_write(folder: Path) -> str | None:
    """Why no file can be written in a folder; None when it can. Tried for real: rights do not tell of a read-only or full disk."""
    if not folder.is_dir():
        return f"{folder} is no folder."
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"{folder}: {error.strerror}."
    return None


def disk_space(folders: set[Path], usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage) -> Finding:
    """What to say of the room in some folders; `usage` tells total, used and free bytes."""
    free, folder = min((usage(nearest_folder(folder))[2], str(folder)) for folder in folders)
    found = f"{free / 1e9:,.2f} GB are free for {folder}."
    remedy = "Make room, or give it a larger disk. JOBS_KEPT_DAYS and RESULTS_KEPT say how much is kept."
    if free < SPACE_BAD:
        return bad(found, remedy)
    return doubtful(found, remedy) if free < SPACE_DOUBTFUL else good(found)


def port_free(host: str, port: int) -> Finding:
    """Whether one can listen there, by doing so for a moment."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = "Stop it (unless it is this very service), or set PORT to another one."
            return bad(f"Something listens on {host}:{port} already.", remedy)
        if error.errno == errno.EACCES:
            return bad(f"This account may not listen on port {port}.", "Set PORT to 1024 or more, with a proxy in front.")
        return bad(f"{host}:{port} cannot be listened on: {error.strerror}.", "Set HOST and PORT to an address of this machine.")
    return good(f"{host}:{port} is free.")


def draining(graceful_seconds: float, platform_seconds: float) -> Finding:
    """What to say of gunicorn's patience beside the platform's."""
    found = f"gunicorn gives requests {graceful_seconds:g} s to finish; the platform ends the process after {platform_seconds:g} s."
    most = max(1, platform_seconds - SPARE_SECONDS)
    remedy = f"Set WEB_GRACEFUL_TIMEOUT to at most {most:g}, or raise drainingSeconds in {PLATFORM_FILE.name}."
    if graceful_seconds >= platform_seconds:
        return bad(found, remedy)
    return doubtful(found, remedy) if graceful_seconds + SPARE_SECONDS > platform_seconds else good(found)


def _storage(folder: Path) -> Finding:
    place = nearest_folder(folder)
    refusal = refusal_to_write(place)
    if refusal:
        return bad(refusal, STORAGE_REMEDY)
    return good(f"{folder} can be written to." if place == folder.absolute() else f"{folder} is not there yet; start-up makes it.")


def _data_folders(settings: Settings) -> set[Path]:
    folders = {settings.data_dir}
    if settings.uses_sqlite:
        folders.add(Path(normalize_url(settings.sqlalchemy_url).database or "").parent)
    return folders


def _draining(graceful_seconds: float) -> Finding:
    if not PLATFORM_FILE.exists():
        return skipped(f"There is no {PLATFORM_FILE.name}.")
    platform_seconds = tomllib.loads(PLATFORM_FILE.read_text()).get("deploy", {}).get("drainingSeconds", 0)
    return draining(graceful_seconds, float(platform_seconds))
