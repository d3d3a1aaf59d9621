"""Static files, read once, and the build: a digest of all of them."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path


class Assets:
    """The files of a folder, loaded at the first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._files: dict[str, bytes] | None = None
        self._build = ""

    @property
    def build(self) -> str:
        """A digest of all files, the same in every process of this version."""
        self._load()
        return self._build

    def url(self, name: str) -> str:
        """The URL of a file. Raises KeyError."""
        if name not in self._load():
            raise KeyError(name)
        return f"/static/{self.build}/{name}"

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None."""
        return self._load().get(name)

    def _load(self) -> dict[str, bytes]:
        with self._lock:
            if self._files is None:
                paths = sorted(path for path in self._folder.rglob("*") if path.is_file())
                self._files = {path.relative_to(self._folder).as_posix(): path.read_bytes() for path in paths}
                digest = hashlib.sha256()
                for name, content in self._files.items():
                    digest.update(f"{name}\0{len(content)}\0".encode() + content)
                self._build = digest.hexdigest()[:12]
            return self._files
