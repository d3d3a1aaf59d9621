"""Python imports this at the start of the servers of the tests: it keeps the compiled code of dataclasses, as bytecode of modules is kept.

Python 3.11 writes the methods of each dataclass as text and compiles them at every start, which takes a quarter of the start of a worker. A
thousand processes are started by the tests.
"""

import atexit
import builtins
import contextlib
import marshal
import os
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[3] / ".pytest_cache" / f"dataclasses-{sys.implementation.cache_tag}-{MAGIC_NUMBER.hex()}"
MOST = 20_000  # methods; those of a checkout are 4,200


class KeptCode:
    """The code of texts, by text. What was not kept yet is added to the file when the process ends."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] | None = None
        self._is_new = False

    def run(self, source: Any, names: dict[str, Any] | None = None, own: dict[str, Any] | None = None) -> None:
        """What `exec` does with a text."""
        if self._known is None:
            self._known = self._read()
        kept = self._known.get(source)
        if kept is None:
            code = compile(source, "<string>", "exec")
            self._known[source] = marshal.dumps(code)
            self._is_new = True
        else:
            code = marshal.loads(kept)  # noqa: S302 — from the cache of this checkout
        builtins.exec(code, names, own)  # noqa: S102 — as dataclasses do

    def _read(self) -> dict[str, bytes]:
        atexit.register(self._save)
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            known: dict[str, bytes] = marshal.loads(KEPT.read_bytes())  # noqa: S302 — likewise
            if len(known) < MOST:
                return known
        return {}

    def _save(self) -> None:
        if self._is_new and KEPT.parent.is_dir():
            part = KEPT.with_suffix(f".{os.getpid()}")
            with contextlib.suppress(OSError):
                part.write_bytes(marshal.dumps(self._known))
                part.replace(KEPT)


def keep_code() -> None:
    """Have dataclasses run their texts by kept code."""
    import dataclasses

    dataclasses.exec = KeptCode().run  # type: ignore[attr-defined]


keep_code()
