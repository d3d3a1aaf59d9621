"""A program for tests that kill it: it removes what is left of removed organizations, a batch at a time, and says so after each.

`python -m kit.remover`, with the settings in the environment. It ends when nothing is left, and goes by a clock an hour ahead.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from config import Settings
from database import DatabaseOptions
from features import load_features
from features.belongings.removing import remove_remains
from infrastructure.foundation import Foundation
from utils.clock import now

if __name__ == "__main__":
    settings = Settings.load()
    foundation = Foundation.of(settings, load_features(settings), DatabaseOptions.of(settings))
    while not remove_remains(foundation, now() + timedelta(hours=1), most_seconds=0):
        sys.stdout.write("a batch\n")
        sys.stdout.flush()
    foundation.database.close()
    sys.exit(0)
