"""A process that does nothing but dispatch, on a clock that runs fast: for tests that kill it.

Its arguments are the database's URL, the simulated moment at which the clock began, the real second then, and how much faster it runs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import database
from kit.schedules import Site
from kit.support import settings_for
from utils.clock import parse_iso


def main(url: str, simulated: str, real: str, speed: str) -> None:
    """Look for ever."""
    folder = Path(tempfile.mkdtemp())
    database.configure(settings_for(url, folder))
    site = Site(url, folder)
    while True:
        site.clock.moment = parse_iso(simulated) + timedelta(seconds=float(speed) * (time.time() - float(real)))
        site.dispatcher.look()


if __name__ == "__main__":
    main(*sys.argv[1:])
