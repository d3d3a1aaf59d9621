"""`worker.py` for tests that kill its children often: it restarts them after a pause of at most 0.1 seconds."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from jobs.supervised_process import SupervisionPolicy
from worker import main

if __name__ == "__main__":
    sys.exit(main(policy=SupervisionPolicy(longest_pause=0.1)))
