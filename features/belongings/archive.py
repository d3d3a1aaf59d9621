"""Writes everything of an organization or of a person as a ZIP file, in pieces: whatever the size, a page of rows is in memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from database import Database
from features.files.service import Files, list_all
from infrastructure.belonging import Belonging
from infrastructure.belongings_store import Owner, pages
from models.storage_errors import FileDamaged, FileNotKept
from models.stored_file import StoredFile
from utils.clock import now
from utils.json_text import dump

FILES_AT_ONCE = 100
PIECE_BYTES = 65_536  # the least that is sent at once
Pages = Iterable[Sequence[Any]]
README = """Everything that {whose} in Bellwether, as of {moment:%Y-%m-%d %H:%M} UTC.

NAME.ndjson    one kind of thing: each line is one of them, as a JSON object. The names are those of the tables in the database.
files/         stored files as they were written: original uploads by files/upload, reports by files/report.
manifest.json  how many there are of each kind, and files whose content was not what had been written.

Not in here are secrets: passwords, keys, tokens and the digests of them, secrets of channels, and the paths of their addresses, which may
be all that protects them. Times are UTC. Binary values that nothing else says are in base64. Of price series, `data` has a list for each
column; where there is a line in series_tails for a ticker, its bars follow the first `kept` ones of price_series.

What was read while something changed is of before or of after the change, kind by kind.
"""


class _Sink:
    """Takes what the ZIP file is made of, and gives it on. It cannot seek, so sizes stand behind each member."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        pieces, self._pieces, self.size = self._pieces, [], 0
        return b"".join(pieces)


@dataclass
class Part:
    """What an archive has of one owner: rows of tables and `more`, and of an organization its files. `folder` is empty or ends in `/`."""

    owner: Owner
    whose: str
    tables: Iterable[Belonging]
    folder: str = ""
    more: Mapping[str, Callable[[], Pages]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    files: int = 0
    damaged: list[str] = field(default_factory=list)


class Archive:
    """An archive of some parts. `pieces` is read once."""

    def __init__(self, database: Database, files: Files, parts: Iterable[Part], done: Callable[[], object]) -> None:
        """`done` is called once the last piece was taken, and not where the reader has gone before."""
        self._database, self._files, self._parts, self._done = database, files, list(parts), done
        self._moment = now()

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the ZIP file. Raises StorageAway, and the database's errors."""
        sink = _Sink()
        with ZipFile(cast("IO[bytes]", sink), "w", ZIP_DEFLATED) as archive:
            for _ in self._content(archive):
                if sink.size >= PIECE_BYTES:
                    yield sink.taken()
        yield sink.taken()
        self._done()

    def _content(self, archive: ZipFile) -> Iterator[None]:
        for part in self._parts:
            archive.writestr(self._member(f"{part.folder}README.txt"), README.format(whose=part.whose, moment=self._moment))
            for name, found in part.more.items():
                yield from self._rows(archive, part, name, found())
            for table in part.tables:
                yield from self._rows(archive, part, table.table, pages(self._database, table, part.owner))
            if part.owner.org_id is not None:
                yield from self._stored_files(archive, part)
            archive.writestr(self._member(f"{part.folder}manifest.json"), json.dumps(self._manifest(part), indent=2))
            yield

    def _rows(self, archive: ZipFile, part: Part, name: str, found: Pages) -> Iterator[None]:
        left = iter(found)
        page = next(left, None)
        if page is None:
            return
        with archive.open(self._member(f"{part.folder}{name}.ndjson"), "w", force_zip64=True) as member:
            while page is not None:
                for row in page:
                    member.write(dump(_plain(row)) + b"\n")
                part.counts[name] = part.counts.get(name, 0) + len(page)
                yield
                page = next(left, None)

    def _stored_files(self, archive: ZipFile, part: Part) -> Iterator[None]:
        assert part.owner.org_id is not None
        after = ""
        while True:
            with self._database.reader() as connection:
                stored = list_all(connection, part.owner.org_id, after, FILES_AT_ONCE)
            for file in stored:
                yield from self._stored_file(archive, part, file)
            if len(stored) < FILES_AT_ONCE:
                return
            after = stored[-1].id

    def _stored_file(self, archive: ZipFile, part: Part, file: StoredFile) -> Iterator[None]:
        name = f"files/{file.purpose}/{file.id}/{file.name}"
        try:
            content = self._files.read(file)
        except FileNotKept:
            part.damaged.append(name)
            return
        try:
            with archive.open(self._member(part.folder + name), "w", force_zip64=True) as member:
                for piece in content:
                    member.write(piece)
                    yield
            part.files += 1
        except FileDamaged:
            part.damaged.append(name)
        finally:
            content.close()

    def _member(self, name: str) -> ZipInfo:
        member = ZipInfo(name, self._moment.timetuple()[:6])
        member.compress_type = ZIP_DEFLATED
        member.external_attr = 0o600 << 16
        return member

    def _manifest(self, part: Part) -> dict[str, Any]:
        return {"made_at": self._moment.isoformat(), "rows": part.counts, "files": part.files, "files_not_whole": part.damaged}


def _plain(row: Any) -> Any:
    """A row as JSON has it: binary values as base64."""
    if not isinstance(row, dict):
        return row
    return {
        name: base64.b64encode(bytes(value)).decode() if isinstance(value, bytes | memoryview) else value for name, value in row.items()
    }
