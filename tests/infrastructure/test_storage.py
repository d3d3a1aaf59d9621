"""Storages: a folder and a bucket keep the same contract; what is special about each."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import pytest
import requests
from kit.buckets import keys_in, new_bucket, s3_server

from infrastructure.storage.base import PIECE_BYTES, Shown, Storage, measure, new_key, pieces_of
from infrastructure.storage.local import LINK_PATH, LocalStorage
from infrastructure.storage.probing import StorageTrial, try_storage
from infrastructure.storage.s3 import BREAKER_FAILURES, PART_BYTES, S3Storage
from models.storage_errors import ObjectMissing, StorageAway
from models.storage_place import Bucket, place_of
from utils.clock import now

SHOWN = Shown("AAPL-2026.csv", "text/csv")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket_url(endpoint: str) -> str:
    return new_bucket(endpoint)


def bucket_of(url: str) -> Bucket:
    place = place_of(url)
    assert isinstance(place, Bucket)
    return place


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalStorage(tmp_path / "files", lambda: "a secret")
    return S3Storage(bucket_of(request.getfixturevalue("bucket_url")))


def content_of(storage: Storage, key: str) -> bytes:
    content = storage.open(key)
    try:
        return b"".join(pieces_of(content))
    finally:
        content.close()


# ---- the contract ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PART_BYTES + 1], ids=["nothing", "a byte", "a piece", "several parts"])
def test_what_is_put_is_read_to_the_byte(storage: Storage, size: int) -> None:
    content, key = os.urandom(size), new_key(1)
    file = BytesIO(content)
    file.seek(0, os.SEEK_END)  # as whoever wrote it leaves it
    receipt = storage.put(key, file)
    assert (receipt.bytes, receipt.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert storage.size(key) == size
    assert content_of(storage, key) == content
    assert not file.closed


def test_an_object_is_deleted_once_and_for_all(storage: Storage) -> None:
    key, other = new_key(1), new_key(1)
    for each in (key, other):
        storage.put(each, BytesIO(b"content"))
    storage.delete(key)
    storage.delete(key)
    assert storage.size(key) is None
    with pytest.raises(ObjectMissing):
        storage.open(key)
    assert content_of(storage, other) == b"content"


def test_what_was_never_put_is_missing(storage: Storage) -> None:
    key = new_key(1)
    storage.delete(key)
    assert storage.size(key) is None
    with pytest.raises(ObjectMissing):
        storage.open(key)


ID = "01a22a62-a267-7783-ba5b-17a6caf6e674"
NO_KEYS = ("../secret", "1/../../etc/passwd", "/etc/passwd", "1/AAPL.csv", "1", "", "1/", f"1/1/{ID}", f"1/{ID}\n", f"1/{ID}/..", f"x/{ID}")


def test_a_key_that_is_not_ours_is_no_path(storage: Storage) -> None:
    uses: tuple[Callable[[str], object], ...] = (
        storage.open,
        storage.size,
        storage.delete,
        lambda key: storage.put(key, BytesIO(b"content")),
        lambda key: storage.link(key, SHOWN, 60),
    )
    for key in NO_KEYS:
        for use in uses:
            with pytest.raises(ValueError, match="no key"):
                use(key)


def test_a_probe_leaves_nothing(storage: Storage) -> None:
    try_storage(storage)
    assert storage.tidy(now() + timedelta(minutes=1)) == 0


def test_what_killed_writers_left_is_tidied_by_its_age(storage: Storage) -> None:
    kept, left = new_key(1), f"probe/{new_key(1)[2:]}"
    for key in (kept, left):
        storage.put(key, BytesIO(b"content"))
    assert storage.tidy(now() - timedelta(minutes=1)) == 0
    assert storage.tidy(now() + timedelta(minutes=1)) == 1
    assert storage.size(left) is None
    assert content_of(storage, kept) == b"content"


class Counted:
    """A storage that counts what is put."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.puts = storage, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)

    def put(self, key: str, content: IO[bytes]) -> Any:
        self.puts += 1
        return self.storage.put(key, content)


def test_a_probe_that_was_well_is_believed_for_a_while(tmp_path: Path) -> None:
    times = iter([0.0, 0.0, 29.0, 31.0, 31.0])
    counted = Counted(LocalStorage(tmp_path / "files", lambda: "a secret"))
    trial = StorageTrial(counted, 30.0, lambda: next(times))
    trial.run()
    trial.run()
    assert counted.puts == 1
    trial.run()
    assert counted.puts == 2


# ---- links -------------------------------------------------------------------------------------------------------------------------


def test_a_link_of_a_folder_is_signed_and_expires(tmp_path: Path) -> None:
    moment = 1_000.0
    storage = LocalStorage(tmp_path, lambda: "a secret", lambda: moment)
    key = new_key(1)
    path = storage.link(key, SHOWN, 60)
    assert path.startswith(LINK_PATH)
    token = path.removeprefix(LINK_PATH)
    assert key not in token
    assert storage.key_of_link(token) == key
    assert LocalStorage(tmp_path, lambda: "another", lambda: moment).key_of_link(token) is None
    for forged in (token[:-1], f"{token}x", "", "x" * 400, "é"):
        assert storage.key_of_link(forged) is None
    moment = 1_060.0
    assert storage.key_of_link(token) is None


def test_a_link_of_a_bucket_is_its_own(bucket_url: str) -> None:
    storage, key = S3Storage(bucket_of(bucket_url)), new_key(1)
    storage.put(key, BytesIO(b"content"))
    answer = requests.get(storage.link(key, SHOWN, 60), timeout=30)
    assert (answer.status_code, answer.content) == (200, b"content")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="AAPL-2026.csv"'
    assert answer.headers["Content-Type"].startswith("text/csv")


# ---- a folder ----------------------------------------------------------------------------------------------------------------------


def test_a_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    storage, key = LocalStorage(tmp_path / "files", lambda: "a secret"), new_key(7)
    storage.put(key, BytesIO(b"content"))
    path = tmp_path / "files" / key
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, tmp_path / "files")] == [0o600, 0o700, 0o700]
    assert list((tmp_path / "files" / ".incoming").iterdir()) == []


class Breaking(BytesIO):
    """A file that cannot be read to its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(5, "Input/output error")
        return super().read(10)


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    storage, key = LocalStorage(tmp_path / "files", lambda: "a secret"), new_key(1)
    with pytest.raises(StorageAway, match="Input/output error"):
        storage.put(key, Breaking(b"x" * 100))
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file")
    storage = LocalStorage(tmp_path / "files", lambda: "a secret")
    with pytest.raises(StorageAway, match="cannot write"):
        storage.put(new_key(1), BytesIO(b"content"))
    assert storage.size(new_key(1)) is None
    with pytest.raises(ObjectMissing):
        storage.open(new_key(1))


# ---- a bucket ----------------------------------------------------------------------------------------------------------------------


def test_keys_of_a_bucket_stand_under_its_prefix(bucket_url: str) -> None:
    storage, key = S3Storage(bucket_of(bucket_url)), new_key(1)
    storage.put(key, BytesIO(b"content"))
    assert keys_in(bucket_url) == {key}
    assert str(bucket_of(bucket_url)).endswith("/some/prefix/")


@pytest.mark.parametrize(
    "url",
    ["s3://no-such-bucket?endpoint={endpoint}", "s3://bucket?endpoint=http://127.0.0.1:1"],
    ids=["no such bucket", "nobody listens"],
)
def test_a_bucket_that_does_not_answer_is_told_without_secrets(endpoint: str, url: str) -> None:
    storage = S3Storage(bucket_of(url.format(endpoint=endpoint)))
    with pytest.raises(StorageAway) as raised:
        storage.put(new_key(1), BytesIO(b"content"))
    assert str(raised.value) == "The storage of files cannot write a file right now. Nothing was stored; try again in a moment."
    assert urlsplit(endpoint).netloc not in str(raised.value)
    with pytest.raises(StorageAway):
        try_storage(storage)


def test_a_bucket_that_hangs_is_left_alone_for_a_while() -> None:
    """After some calls that reach nobody none is made: uploads do not take every thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        storage = S3Storage(bucket_of(f"s3://bucket?endpoint=http://{host}:{port}"))
        reached: list[int] = []

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    accepted, _ = listener.accept()
                    reached.append(1)
                    accepted.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        for _ in range(BREAKER_FAILURES):
            with pytest.raises(StorageAway):
                storage.size(new_key(1))
        before = len(reached)
        assert before >= BREAKER_FAILURES
        with pytest.raises(StorageAway):
            storage.put(new_key(1), BytesIO(b"content"))
        assert len(reached) == before
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_measuring_reads_to_the_end() -> None:
    assert measure(BytesIO(b"abc")) == measure(BytesIO(b"abc"))
    assert measure(BytesIO(b"abc")).bytes == 3
