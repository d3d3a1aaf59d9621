"""The job workers of this machine: `python worker.py`. `python app.py` and `gunicorn wsgi:app` keep one beside them.

It keeps LOCAL_WORKERS processes for computations, one more for jobs that wait for a network where there is a kind of such jobs, and does
the maintenance. With JOB_ENGINE=celery it does the maintenance alone. Its children are this program, too: `--process LANE NAME` is one
worker process, `--isolated` runs single keys for a worker (jobs/isolated_process.py).
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence

from infrastructure.garbage import loading
from infrastructure.linear_algebra import keep_to_one_thread

keep_to_one_thread()

with loading():
    import structlog

    import db_migrations
    from config import VERSION, Settings
    from features import load_features
    from infrastructure.entrance import NOT_STARTED, run_program
    from infrastructure.feature import Feature
    from jobs.isolated_process import ISOLATED, IsolatedServer
    from jobs.local import CONNECTIONS_PER_THREAD, PROCESS, Supervisor, run_worker
    from jobs.machine import JobMachine
    from jobs.maintenance import Maintenance, machine_tasks
    from jobs.supervised_process import SupervisionPolicy, stop_on_signals_or_orphaned
    from models.job import Lane
    from utils.start_errors import explain

log = structlog.get_logger(__name__)


def main(arguments: list[str] | None = None, policy: SupervisionPolicy | None = None) -> int:
    """Run until SIGTERM, Ctrl-C or the parent's end; the exit code is 0, or 1 with the reason on stderr.

    `policy` is how its children are treated.
    """
    parser = argparse.ArgumentParser(prog="python worker.py", description="Run the job workers of this machine.")
    parser.add_argument(
        PROCESS, dest="lane", type=Lane, choices=list(Lane), help="be one worker process; its parent holds the other end of standard input"
    )
    parser.add_argument(ISOLATED, action="store_true", help="run single keys for a worker, which holds standard input and output")
    parser.add_argument("name", nargs="?", help="the name that a parent gives, which holds the other end of standard input")
    options = parser.parse_args(arguments)
    server = IsolatedServer() if options.isolated else None
    stop = threading.Event()
    if server is None:
        stop_on_signals_or_orphaned(stop, has_parent=options.name is not None)

    def run(settings: Settings) -> int:
        features = load_features(settings)
        threads = settings.network_threads if options.lane is Lane.NETWORK else 0
        machine = JobMachine.of(settings, features, CONNECTIONS_PER_THREAD * threads)
        if server is not None or options.lane is not None:
            machine.foundation.database.expect_file()  # its parent has opened it
        if server is not None:
            server.serve(machine.foundation.database, machine.kinds)
            return 0
        if not _is_ready(machine):
            return 1
        if options.lane is not None:
            run_worker(options.name, options.lane, machine, stop)
        else:
            log.info("workers started", processes=settings.worker_processes, engine=settings.job_engine, version=VERSION)
            Supervisor(machine, _maintenance(machine, features), stop, policy or SupervisionPolicy()).run()
        log.info("worker stopped", worker=options.name)
        return 0

    return run_program(run, failures=())  # `_is_ready` logs why it cannot start; what fails later needs its traceback


def _is_ready(machine: JobMachine) -> bool:
    """Whether the database is reached and its schema can be served; if not, the log says why."""
    foundation = machine.foundation
    try:
        foundation.database.connect()
        db_migrations.ensure_schema(foundation.settings.auto_migrate, foundation.database)
    except NOT_STARTED as error:
        log.error("worker not started", reason=explain(error))
        return False
    return True


def _maintenance(machine: JobMachine, features: Sequence[Feature]) -> Maintenance:
    foundation = machine.foundation
    own_tasks = machine_tasks(foundation, machine.wakeup)
    tasks = (task for feature in features for task in feature.maintenance(foundation))
    return Maintenance(foundation.database, (*own_tasks, *tasks))


if __name__ == "__main__":
    sys.exit(main())
