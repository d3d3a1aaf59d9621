"""How much the tests do: everything with TEST_EVERYTHING (`make test-all`), and without it what ten minutes allow."""

from __future__ import annotations

import os
from typing import TypeVar

Amount = TypeVar("Amount", int, float)
IS_WHOLE = bool(os.environ.get("TEST_EVERYTHING"))


def effort(whole: Amount, short: Amount) -> Amount:
    """How often, or for how many seconds: `whole` with TEST_EVERYTHING, else `short`."""
    return whole if IS_WHOLE else short
