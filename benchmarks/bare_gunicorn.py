"""gunicorn for the bare application: the service's own settings, taken from its file, without what starts the service."""

import runpy
import sys
from pathlib import Path

OWN_HOOKS = {"when_ready", "on_reload", "post_worker_init", "worker_exit"}

globals().update(
    {
        name: value
        for name, value in runpy.run_path(str(Path(__file__).parent.parent / "gunicorn.conf.py")).items()
        if not name.startswith("_") and name not in OWN_HOOKS
    }
)


def post_worker_init(worker):
    """Say that a worker is ready, as the service does."""
    print('{"event":"started"}', file=sys.stderr, flush=True)
