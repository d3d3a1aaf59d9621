"""The files of pipelines: read when they change, and what of each can be used."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from models.pipeline import Mistake
from models.pipeline_errors import PipelineInvalid
from utils.json_text import DuplicateKeys, MalformedJSON, dump, parse_strict

BUNDLED = Path(__file__).resolve().parent.parent.parent / "data" / "pipelines"
SCHEMA = "schema.json"  # lies beside the files, and is none
LOOK_SECONDS = 1.0
LONGEST_FILE = 100_000  # bytes
MOST_FILES = 200


@dataclass(frozen=True)
class PipelineFile:
    """A file as it was last read: its definition, or what is wrong with it."""

    pipeline_id: str
    sha256: str
    definition: Mapping[str, Any] | None
    mistakes: Sequence[Mistake] = ()


@dataclass(frozen=True)
class _Seen:
    """A file's name, time and size: while they stay, it is not read again."""

    path: Path
    modified: int
    size: int


class PipelineFiles:
    """The pipelines in some folders; a later folder hides files of the same name in an earlier one. Thread-safe."""

    def __init__(
        self,
        folders: Sequence[Path],
        check: Callable[[Any], object],
        look_seconds: float = LOOK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`check` raises PipelineInvalid for a definition that does not fit."""
        self._folders, self._check = folders, check
        self._look_seconds, self._clock = look_seconds, clock
        self._lock = Lock()
        self._looked_at = float("-inf")
        self._read: dict[_Seen, PipelineFile] = {}

    def all(self) -> dict[str, PipelineFile]:
        """The files by the id of their pipelines, at most `look_seconds` old."""
        with self._lock:
            if self._clock() - self._looked_at >= self._look_seconds:
                self._read = {seen: self._read.get(seen) or self._load(seen) for seen in self._list()}
                self._looked_at = self._clock()
            return {file.pipeline_id: file for file in sorted(self._read.values(), key=lambda file: file.pipeline_id)}

    def _list(self) -> list[_Seen]:
        found: dict[str, _Seen] = {}
        for folder in self._folders:
            for path in sorted(folder.glob("*.json"))[:MOST_FILES] if folder.is_dir() else ():
                try:
                    status = path.stat()
                except OSError:
                    continue  # removed meanwhile
                if path.name != SCHEMA:
                    found[path.stem] = _Seen(path, status.st_mtime_ns, status.st_size)
        return list(found.values())

    def _load(self, seen: _Seen) -> PipelineFile:
        pipeline_id = seen.path.stem[:60]
        try:
            if seen.size > LONGEST_FILE:
                raise PipelineInvalid([Mistake("", f"The file has more than {LONGEST_FILE:,} bytes.")])
            raw = seen.path.read_bytes()
            value = parse_strict(raw)
            if not isinstance(value, dict):
                raise PipelineInvalid([Mistake("", "The file holds no JSON object.")])
            self._check(value)
            if value["id"] != seen.path.stem:
                raise PipelineInvalid([Mistake("id", f"It must be that of the file's name, '{seen.path.stem}'.")])
        except OSError as error:
            return PipelineFile(pipeline_id, "", None, (Mistake("", f"The file cannot be read: {error.strerror}."),))
        except MalformedJSON as error:
            return PipelineFile(pipeline_id, "", None, (Mistake("", f"The file is not valid JSON: {error}."),))
        except DuplicateKeys as error:
            return PipelineFile(pipeline_id, "", None, tuple(Mistake(path, "The field may be given once.") for path in error.paths(10)))
        except PipelineInvalid as error:
            return PipelineFile(pipeline_id, "", None, error.mistakes)
        return PipelineFile(pipeline_id, digest(value), value)


def digest(definition: Mapping[str, Any]) -> str:
    """The SHA-256 of a definition as it is stored, whatever the spaces in its file."""
    return hashlib.sha256(dump(definition)).hexdigest()
