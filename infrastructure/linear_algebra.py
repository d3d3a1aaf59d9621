"""Keeps numpy's linear algebra to one thread of a process."""

from __future__ import annotations

import os


def keep_to_one_thread() -> None:
    """Let products of matrices be computed in the thread that asks for them, unless the environment says otherwise.

    To be called before numpy is loaded. Several processes serve and compute side by side, one for each core: threads of each would wait for
    those of the others, and take several times as long.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
