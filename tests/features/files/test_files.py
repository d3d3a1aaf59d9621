"""Stored files: a row and its object stay together whatever is killed; nobody finds those of others; what is damaged is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pytest
from kit.buckets import keys_in, new_bucket, s3_server
from kit.databases import Backend
from kit.statements import Killed, killed_at

import database
from features.files import service
from features.files.service import ABANDONED_AFTER, Draft, Files, safe_name
from infrastructure.storage.base import PIECE_BYTES, Receipt, Storage
from infrastructure.storage.local import LocalStorage
from infrastructure.storage.s3 import S3Storage
from models.storage_errors import FileDamaged, FileNotKept, StorageAway
from models.storage_place import Bucket, place_of
from models.stored_file import NewFile, Purpose, StoredFile
from utils.clock import now
from utils.ids import new_id

CONTENT = b"content " * 100
LATER = ABANDONED_AFTER + timedelta(minutes=1)
REPORT = NewFile(1, Purpose.REPORT, "report", "a report.xlsx", "text/csv", "tests")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


class Shelf:
    """A storage and what lies in it."""

    def __init__(self, storage: Storage, keys: Callable[[], set[str]]) -> None:
        self.storage, self.keys = storage, keys
        self.files = Files(database.current(), storage)

    def store(self, new: NewFile = REPORT, content: bytes = CONTENT, subjects: tuple[str, ...] = ()) -> StoredFile:
        with self.files.writing(new, BytesIO(content)) as draft, database.transaction() as connection:
            draft.keep(connection, subjects)
        return self.find(draft.id, new.org_id)

    def find(self, file_id: str, org_id: int = 1) -> StoredFile:
        with database.reader() as connection:
            return service.find(connection, org_id, file_id)

    def read(self, file: StoredFile) -> bytes:
        content = self.files.read(file)
        try:
            return b"".join(content)
        finally:
            content.close()

    def remove(self, file: StoredFile) -> None:
        with database.transaction() as connection:
            service.remove(connection, file.org_id, file.id)


def folder_shelf(path: Path) -> Shelf:
    def keys() -> set[str]:
        return {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}

    return Shelf(LocalStorage(path, lambda: "a secret"), keys)


@pytest.fixture
def folder(backend: Backend, tmp_path: Path) -> Shelf:
    return folder_shelf(tmp_path / "files")


@pytest.fixture(params=["folder", "bucket"])
def shelf(backend: Backend, request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        return folder_shelf(tmp_path / "files")
    url = new_bucket(request.getfixturevalue("endpoint"))
    place = place_of(url)
    assert isinstance(place, Bucket)
    return Shelf(S3Storage(place), lambda: keys_in(url))


def rows() -> list[dict[str, Any]]:
    return list(database.query_db("SELECT id, storage_key, state FROM stored_files ORDER BY id"))


def test_a_file_is_stored_read_and_removed(shelf: Shelf) -> None:
    file = shelf.store()
    assert (file.name, file.bytes, file.created_by, shelf.keys()) == ("a_report.xlsx", len(CONTENT), "tests", {file.key})
    assert shelf.read(file) == CONTENT
    shelf.remove(file)
    with pytest.raises(FileNotKept):
        shelf.find(file.id)
    assert shelf.files.clear([file.id]) == 1
    assert (rows(), shelf.keys()) == ([], set())


def test_what_is_not_kept_is_gone_at_once(shelf: Shelf) -> None:
    with shelf.files.writing(REPORT, BytesIO(CONTENT)) as draft:
        assert len(shelf.keys()) == 1
    with suppress(ZeroDivisionError), shelf.files.writing(REPORT, BytesIO(CONTENT)) as draft, database.transaction() as connection:
        draft.keep(connection)
        raise ZeroDivisionError
    assert (rows(), shelf.keys()) == ([], set())


# ---- kills -------------------------------------------------------------------------------------------------------------------------


class Dying:
    """A storage whose process dies in a call: before it has done anything, or before the caller knows."""

    def __init__(self, storage: Storage, is_after: bool) -> None:
        self.storage, self.is_after = storage, is_after

    def put(self, key: str, content: IO[bytes]) -> Receipt:
        if self.is_after:
            self.storage.put(key, content)
        raise Killed

    def delete(self, key: str) -> None:
        if self.is_after:
            self.storage.delete(key)
        raise Killed


def is_settled(shelf: Shelf) -> bool:
    """Whether the stored rows are what lies in the storage, and there is no other row, a day later."""
    shelf.files.sweep(now() + LATER)
    found = rows()
    assert {row["state"] for row in found} <= {"stored"}
    return {row["storage_key"] for row in found} == shelf.keys()


def test_a_writer_killed_at_any_statement(folder: Shelf) -> None:
    number = 1
    while True:
        with killed_at(number) as seen, suppress(Killed):
            folder.store()
        assert is_settled(folder)
        if len(seen) < number:
            break
        number += 1
    assert number > 5
    assert rows()


@pytest.mark.parametrize("is_after", [False, True])
def test_a_writer_killed_in_the_storage(folder: Shelf, is_after: bool) -> None:
    dying = Files(database.current(), Dying(folder.storage, is_after))  # type: ignore[arg-type]  # it does no more
    with pytest.raises(Killed):
        dying.write(REPORT, BytesIO(CONTENT))
    assert [row["state"] for row in rows()] == ["writing"]
    assert len(folder.keys()) == is_after
    folder.files.sweep()  # the writer may be at it still
    assert len(folder.keys()) == is_after
    assert is_settled(folder)
    assert rows() == []


@pytest.mark.parametrize("is_after", [False, True])
def test_a_sweeper_killed_in_the_storage(folder: Shelf, is_after: bool) -> None:
    file, other = folder.store(), folder.store()
    folder.remove(file)
    with pytest.raises(Killed):
        Files(database.current(), Dying(folder.storage, is_after)).sweep()  # type: ignore[arg-type]  # as above
    assert is_settled(folder)
    assert folder.read(other) == CONTENT


def test_a_sweeper_killed_at_any_statement(folder: Shelf) -> None:
    number = 1
    while True:
        kept, gone = folder.store(), folder.store()
        folder.remove(gone)
        with killed_at(number) as seen, suppress(Killed):
            folder.files.sweep()
        assert is_settled(folder)
        assert folder.read(kept) == CONTENT
        if len(seen) < number:
            break
        number += 1
    assert number > 3


def test_a_writer_that_comes_back_after_a_day_is_told(folder: Shelf) -> None:
    written = folder.files.write(REPORT, BytesIO(CONTENT))
    folder.files.sweep(now() + LATER)
    with pytest.raises(StorageAway), database.transaction() as connection:
        Draft(written).keep(connection)
    assert rows() == []


# ---- the storage is away, or has lost or spoilt what it had ----------------------------------------------------------------------------


def test_a_storage_that_is_away_leaves_no_row(folder: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    away = Files(database.current(), LocalStorage(tmp_path / "a file", lambda: "a secret"))
    with pytest.raises(StorageAway):
        away.write(REPORT, BytesIO(CONTENT))
    folder.files.sweep()
    assert rows() == []


def test_what_cannot_be_removed_now_is_removed_later(folder: Shelf, tmp_path: Path) -> None:
    file = folder.store()
    folder.remove(file)
    path = tmp_path / "files" / file.key
    path.unlink()
    (path / "in the way").mkdir(parents=True)  # a folder cannot be unlinked
    assert (folder.files.clear([file.id]), folder.files.sweep()) == (0, 0)
    assert [row["state"] for row in rows()] == ["removed"]
    (path / "in the way").rmdir()
    path.rmdir()
    assert folder.files.sweep() == 1
    assert rows() == []


def test_a_file_whose_object_is_gone_is_told(shelf: Shelf) -> None:
    file = shelf.store()
    shelf.storage.delete(file.key)
    with pytest.raises(FileNotKept, match="not in the storage any more"):
        shelf.files.read(file)


@pytest.mark.parametrize(
    "damage",
    [lambda content: content[:-1], lambda content: content + b"x", lambda content: b"x" + content[1:]],
    ids=["cut", "longer", "changed"],
)
def test_a_damaged_file_is_never_taken_for_whole(folder: Shelf, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    content = bytes(PIECE_BYTES) * 2 + b"the end"
    file = folder.store(content=content)
    (tmp_path / "files" / file.key).write_bytes(damage(content))
    reading = folder.files.read(file)
    read: list[bytes] = []
    with pytest.raises(FileDamaged):
        read.extend(reading)
    reading.close()
    assert sum(map(len, read)) < file.bytes


# ---- whose, and for how long -------------------------------------------------------------------------------------------------------


def test_organizations_do_not_find_each_others_files(folder: Shelf) -> None:
    file = folder.store(subjects=("AAPL",))
    about = (Purpose.REPORT, "AAPL")
    with database.transaction() as connection:
        for org_id in (0, 2):
            with pytest.raises(FileNotKept):
                service.find(connection, org_id, file.id)
            with pytest.raises(FileNotKept):
                service.find_about(connection, org_id, *about, file.id)
            assert service.list_about(connection, org_id, about, None, 10) == []
            service.remove(connection, org_id, file.id)
            service.remove_older(connection, org_id, Purpose.REPORT, "report", 0)
            service.add_subjects(connection, org_id, file.id, ["MSFT"])
            assert service.total_bytes(connection, org_id) == 0
        assert service.list_about(connection, 1, about, None, 10) == [file]
        assert service.list_about(connection, 1, (Purpose.REPORT, "MSFT"), None, 10) == []
        assert service.total_bytes(connection, 1) == len(CONTENT)
    assert folder.read(folder.find(file.id)) == CONTENT


def test_what_has_expired_is_not_found_and_then_gone(folder: Shelf) -> None:
    expired = folder.files.write(
        NewFile(1, Purpose.UPLOAD, "AAPL", "a.csv", "text/csv", "tests", now() - timedelta(seconds=1)), BytesIO(CONTENT)
    )
    with database.transaction() as connection:
        Draft(expired).keep(connection)
    stays = folder.store()
    with pytest.raises(FileNotKept):
        folder.find(expired.id)
    assert folder.files.sweep() == 1
    assert [row["id"] for row in rows()] == [stays.id]
    assert folder.keys() == {stays.key}


def test_the_newest_of_a_series_stay(folder: Shelf) -> None:
    files = [folder.store() for _ in range(4)]
    other = folder.store(NewFile(1, Purpose.REPORT, "another", "a.csv", "text/csv", "tests"))
    with database.transaction() as connection:
        service.remove_older(connection, 1, Purpose.REPORT, "report", 2)
    assert folder.files.sweep() == 2
    assert {row["id"] for row in rows()} == {files[2].id, files[3].id, other.id}


def test_pages_of_files_about_something(folder: Shelf) -> None:
    files = [folder.store(subjects=("AAPL",)) for _ in range(3)]
    with database.reader() as connection:
        first = service.list_about(connection, 1, (Purpose.REPORT, "AAPL"), None, 2)
        second = service.list_about(connection, 1, (Purpose.REPORT, "AAPL"), first[-1].id, 2)
    assert [*first, *second] == files[::-1]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a"; filename="evil.html', "a_filename_evil.html"),
        ("a\r\nSet-Cookie: x=1", "a_Set-Cookie_x_1"),
        ("Zürich ☂.csv", "Z_rich_.csv"),
        ("con.csv", "_con.csv"),
        (".htaccess", "htaccess"),
        ("", "file"),
        ("...", "file"),
        ("x" * 500 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_names_are_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_an_id_that_is_none_finds_nothing(folder: Shelf) -> None:
    for file_id in (new_id(), "../secret", "", "x" * 300):
        with pytest.raises(FileNotKept):
            folder.find(file_id)
