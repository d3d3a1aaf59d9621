"""The stored files of a backup: a tar archive beside the copy of the database, with the same name.

Only files in a folder are in a backup. A bucket keeps versions by itself; see docs/operations.md.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from infrastructure.storage.base import PIECE_BYTES, PROBE_FOLDER, checked_key
from infrastructure.storage.local import INCOMING
from models.storage_place import Folder, Place

SUFFIX = ".files.tar"


class FilesUnreadable(Exception):
    """An archive of stored files cannot be read; the message says why."""


def archive_of(backup: Path) -> Path:
    """The archive of stored files that belongs to a copy of the database."""
    return backup.with_name(backup.stem + SUFFIX)


def has_files(place: Place) -> bool:
    """Whether a folder has stored files that a backup has to cover."""
    return isinstance(place, Folder) and next(_files_in(place.path), None) is not None


def pack(place: Folder, target: Path) -> None:
    """Write the files of a folder to an archive. Those that are removed meanwhile are left out: the database may still name them."""
    with tarfile.open(target, "w") as archive:
        for path in _files_in(place.path):
            with suppress(FileNotFoundError):
                archive.add(path, str(path.relative_to(place.path)), recursive=False)


def check(archive: Path) -> None:
    """Read an archive to its end. Raises FilesUnreadable."""
    with _translated(archive), tarfile.open(archive, "r:") as packed:
        for _, content in _members(packed):
            while content.read(PIECE_BYTES):
                pass


@contextmanager
def unpacking(archive: Path, place: Folder) -> Iterator[None]:
    """Unpack an archive within the folder, and put its files in the place of the others if the block ends well.

    Within, because the folder itself may be where a disk is mounted, and then can be neither renamed nor replaced.
    """
    folder = place.path
    draft, former = folder / ".restoring", folder / ".former"
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        _match_owner(folder, folder.parent)
    for leftover in (draft, former):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700)
        with _translated(archive), tarfile.open(archive, "r:") as packed:
            for key, content in _members(packed):
                _write(draft / key, content)
        _match_owner(draft, folder)
        yield
        _move_all(folder, former, (draft, former))
        _move_all(draft, folder)
    finally:
        for leftover in (draft, former):
            shutil.rmtree(leftover, ignore_errors=True)


def _move_all(source: Path, target: Path, but: Collection[Path] = ()) -> None:
    target.mkdir(mode=0o700, exist_ok=True)
    for path in [path for path in source.iterdir() if path not in but]:
        path.rename(target / path.name)


def _files_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*/*")):
        if path.parent.name not in (INCOMING, PROBE_FOLDER) and path.is_file():
            yield path


def _members(packed: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in packed:
        content = packed.extractfile(member)
        if content is None:
            raise ValueError("it holds more than files")
        yield checked_key(member.name), content


@contextmanager
def _translated(archive: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise FilesUnreadable(f"{archive} is no archive of stored files ({error}). Use another backup.") from error


def _write(path: Path, content: IO[bytes]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())


def _match_owner(folder: Path, like: Path) -> None:
    """When root restores, give the files to the owner of what they replace."""
    if os.geteuid() == 0:
        owner = like.stat()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
