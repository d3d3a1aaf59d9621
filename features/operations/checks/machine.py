"""Checks of the machine: data folder, disk space, port, and the platform's time limit at shutdown."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from config import Settings
from database import normalize_url
from infrastructure.listening import in_url, listen
from models.health import Finding, Probe, bad, doubtful, good, skipped

SPACE_DOUBTFUL, SPACE_BAD = 1_000_000_000, 100_000_000  # bytes
PLATFORM_FILE = Path(__file__).parents[3] / "railway.toml"
SPARE_SECONDS = 5.0  # needed after the requests have ended, to stop workers and the pool
FOLDER_REMEDY = "Set DATA_DIR to a folder that the account of the service may write to."


def data_folder_probe(settings: Settings) -> Probe:
    """Whether files can be written to DATA_DIR."""
    return Probe("data_folder", lambda: _data_folder(settings.data_dir), FOLDER_REMEDY)


def disk_probe(settings: Settings) -> Probe:
    """Whether the disk has room."""
    return Probe("disk_space", lambda: disk_space(_data_folders(settings)), "See that the disk of DATA_DIR is mounted.")


def port_probe(settings: Settings) -> Probe:
    """Whether the server can listen on its port."""
    # The address of gunicorn in production, and of the development server otherwise.
    host = "0.0.0.0" if settings.is_production else settings.host  # noqa: S104  # nosec B104  # closed at once
    return Probe("port", lambda: port_free(host, settings.port), "Set HOST and PORT to an address of this machine.")


def draining_probe(settings: Settings) -> Probe:
    """Whether the platform's time limit at shutdown is longer than gunicorn's."""
    remedy = f"Correct {PLATFORM_FILE.name}."
    # The file has an effect on that platform only.
    is_on_railway = settings.railway_environment is not None
    return Probe("draining", lambda: _draining(settings.web_graceful_timeout), remedy, is_critical=is_on_railway)


def nearest_folder(path: Path) -> Path:
    """The path if it exists, else its nearest parent that does."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def refusal_to_write(folder: Path) -> str | None:
    """Why no file can be written to a folder, or None. Writes one: permissions do not show a read-only or full disk."""
    if not folder.is_dir():
        return f"{folder} is not a folder."
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"{folder}: {error.strerror}."
    return None


def disk_space(folders: set[Path], usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage) -> Finding:
    """Judge the free space for some folders; `usage` returns total, used and free bytes."""
    free, folder = min((usage(nearest_folder(folder))[2], str(folder)) for folder in folders)
    message = f"{free / 1e9:,.2f} GB are free on the disk of {folder}."
    remedy = "Free some space, or use a larger disk. JOBS_KEPT_DAYS and RESULTS_KEPT limit what is stored."
    if free < SPACE_BAD:
        return bad(message, remedy)
    return doubtful(message, remedy) if free < SPACE_DOUBTFUL else good(message)


def port_free(host: str, port: int) -> Finding:
    """Whether a port is free, by listening on it for a moment."""
    place = f"{in_url(host)}:{port}"
    try:
        listen(host, port).close()
    except ValueError as error:
        return bad(f"{host} is not an address: {error}.", "Set HOST to an address of this machine.")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = "Stop that program (unless it is this service), or set PORT to another port."
            return bad(f"Something listens on {place} already.", remedy)
        if error.errno == errno.EACCES:
            return bad(f"This account may not listen on port {port}.", "Set PORT to 1024 or more, with a proxy in front.")
        return bad(f"{place} cannot be listened on: {error.strerror}.", "Set HOST and PORT to an address of this machine.")
    return good(f"{place} is free.")


def draining(graceful_seconds: float, platform_seconds: float) -> Finding:
    """Compare gunicorn's time limit at shutdown with the platform's; both in seconds."""
    message = f"gunicorn gives requests {graceful_seconds:g} s to finish; the platform ends the process after {platform_seconds:g} s."
    most = max(1, platform_seconds - SPARE_SECONDS)
    remedy = f"Set WEB_GRACEFUL_TIMEOUT to at most {most:g}, or raise drainingSeconds in {PLATFORM_FILE.name}."
    if graceful_seconds >= platform_seconds:
        return bad(message, remedy)
    return doubtful(message, remedy) if graceful_seconds + SPARE_SECONDS > platform_seconds else good(message)


def _data_folder(folder: Path) -> Finding:
    place = nearest_folder(folder)
    refusal = refusal_to_write(place)
    if refusal:
        return bad(refusal, FOLDER_REMEDY)
    return good(f"{folder} can be written to." if place == folder.absolute() else f"{folder} does not exist yet; start-up creates it.")


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
