"""gunicorn, from the same settings as everything else: `gunicorn wsgi:app` reads this file by itself."""

import gc
import shutil
import signal
import sys
import threading
from pathlib import Path

import structlog
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from config import ConfigError, Settings
from infrastructure.web_server.connection import Limits
from infrastructure.web_server.worker import worker_with
from utils import worker_slots
from utils.allocator import give_back_memory
from utils.logger import configure_logging, route_through_root
from utils.temporary_folder import remove_folders_of

try:
    settings = Settings.load()
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(1)

configure_logging(settings.log_level, as_json=settings.log_as_json)
log = structlog.get_logger("gunicorn.conf")


class PipedLogger(Logger):
    """gunicorn's own lines through our log; requests are logged by the application."""

    def setup(self, cfg):
        """Take gunicorn's handlers off again."""
        super().setup(cfg)
        route_through_root("gunicorn.error", "gunicorn.access")


bind = f"0.0.0.0:{settings.port}"
worker_class = worker_with(
    Limits(settings.web_head_seconds, settings.web_least_rate, max(settings.max_json_bytes, settings.max_upload_bytes))
)
workers = settings.web_concurrency
threads = settings.web_threads
timeout = settings.web_timeout
graceful_timeout = settings.web_graceful_timeout
keepalive = settings.web_keepalive
# Workers are replaced now and then, not all at once, so that a slow leak never shows.
max_requests = settings.web_max_requests
max_requests_jitter = settings.web_max_requests // 2
# Heartbeats go through a file: on a disk that stalls, healthy workers would be killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nosec B108  # gunicorn makes a file that only it can open
control_socket_disable = True
# What the workers share; each server of this machine has a folder of its own.
shared_folder = worker_slots.shared_folder(settings.data_dir, settings.port)
# Proxies are believed by TRUSTED_PROXIES alone.
forwarded_allow_ips = ""
logger_class = PipedLogger
accesslog = None
loglevel = settings.log_level


def begin_to_count():
    """From nothing. Where nothing can be written, each worker counts for itself: the service goes on."""
    try:
        worker_slots.make_empty(shared_folder)
    except OSError as error:
        log.error("workers count for themselves", folder=str(shared_folder), reason=str(error))


def on_exit(server):
    """Leave nothing behind."""
    if hasattr(server, "counts"):
        shutil.rmtree(shared_folder, ignore_errors=True)


def pre_fork(server, worker):
    """Give each worker the lowest free slot, whose files it counts in."""
    worker.slot = worker_slots.lowest_free(other.slot for other in server.WORKERS.values())


def post_fork(server, worker):
    """Share with the other workers what is counted for /metrics, in the files of the slot."""
    give_back_memory()
    if not shared_folder.is_dir():
        return
    from services.metrics import use_slot

    use_slot(shared_folder, worker.slot)


def child_exit(server, worker):
    """What a worker showed of itself ends with it."""
    worker_slots.forget_gauges(shared_folder, worker.slot)
    remove_folders_of(worker.pid)


def when_ready(server):
    """Keep `worker.py` beside the web processes, from the loop in which gunicorn looks after those: no thread where it forks."""
    from jobs.kept import keep_workers

    # Only now that the port is this server's: another that found it taken must not touch what the first one counts in.
    begin_to_count()
    server.counts = True
    server.reap_workers = halting_once(server.reap_workers)
    if not settings.worker_processes:
        return
    kept = keep_workers()
    manage_workers, stop = server.manage_workers, server.stop

    def manage_all():
        manage_workers()
        kept.check()

    def stop_all(graceful=True):
        kept.ask_to_stop()
        stop(graceful)
        kept.stop()

    server.manage_workers, server.stop, server.kept_workers = manage_all, stop_all, kept


def halting_once(reap_workers):
    """Gunicorn ends with the first worker that cannot start; a second one would end its ending, with a traceback."""
    is_halting = False

    def reap():
        nonlocal is_halting
        try:
            reap_workers()
        except HaltServer:
            if not is_halting:
                is_halting = True
                raise

    return reap


def on_reload(server):
    """A reload (HUP) is for new code and settings: `worker.py` gets them, too, being started again."""
    if hasattr(server, "kept_workers"):
        server.kept_workers.ask_to_stop()


def post_worker_init(worker):
    """Start the application in each worker: database, schema, prices. A first worker that cannot start says why and stops gunicorn."""
    # Imported here, in the worker: what the master imports, a reload (HUP) would not load again.
    import app as application
    from utils.start_errors import explain

    started = threading.Event()

    def keep_alive():
        # Waiting for the database or for another worker's migration may take longer than the timeout.
        while not started.wait(1):
            worker.notify()

    threading.Thread(target=keep_alive, daemon=True).start()
    end_streams_at_shutdown(worker)
    # A worker that replaces one must not stop the others because the database is away: it serves 503 until the database is back.
    is_replacement = worker.age > settings.web_concurrency
    try:
        application.start(worker.wsgi, connect_attempts=1 if is_replacement else None, needs_database=not is_replacement)
    except application.NOT_STARTED as error:
        log.error("not started", reason=explain(error))
        sys.exit(Arbiter.WORKER_BOOT_ERROR)
    finally:
        started.set()
    # What start-up made stays: without it, every full collection would walk through all of it again.
    gc.collect()
    gc.freeze()


def end_streams_at_shutdown(worker):
    """A stream of a job's progress would keep a worker that is asked to stop waiting until its patience ends."""
    from api.job_events import FEED

    stop = signal.getsignal(signal.SIGTERM)

    def end_streams_and_stop(number, frame):
        worker.wsgi.extensions[FEED].close()
        stop(number, frame)

    signal.signal(signal.SIGTERM, end_streams_and_stop)
    signal.siginterrupt(signal.SIGTERM, False)  # as gunicorn has it: calls of requests in flight go on


def worker_exit(server, worker):
    """Stop what the worker started, in the reverse order; a part that hangs is left behind."""
    # There is none when it could not be imported, and the reason has been logged.
    if getattr(worker, "wsgi", None) is not None:
        import app as application

        application.stop(worker.wsgi)
