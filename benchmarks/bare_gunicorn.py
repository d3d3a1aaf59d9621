"""gunicorn settings of the bare application: those of the service, without its hooks."""

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
    """Log that a worker is ready, like the service."""
    print('{"event":"started"}', file=sys.stderr, flush=True)
