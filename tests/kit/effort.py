"""How much the tests do: everything with TEST_EVERYTHING (`make test-all`), otherwise what fits into ten minutes."""

from __future__ import annotations

import os
from typing import TypeVar

Amount = TypeVar("Amount", int, float)
IS_WHOLE = bool(os.environ.get("TEST_EVERYTHING"))


def effort(whole: Amount, short: Amount) -> Amount:
    """A number of repetitions or seconds: `whole` with TEST_EVERYTHING, otherwise `short`."""
    return whole if IS_WHOLE else short
