"""gunicorn's settings and hooks, from the same settings as everything else: `gunicorn wsgi:app` reads this file by itself."""

import sys
from pathlib import Path

from config import ConfigError, Settings
from infrastructure import worker_slots
from infrastructure.allocator import give_back_memory
from infrastructure.web_server.boot import before_graceful_stop, boot
from infrastructure.web_server.connection import Limits
from infrastructure.web_server.master import Master, PipedLogger
from infrastructure.web_server.worker import worker_with
from jobs.supervised_process import supervised_workers
from utils.logger import configure_logging

try:
    settings = Settings.load()
except ConfigError as error:
    sys.exit(str(error))

configure_logging(settings.log_level, as_json=settings.log_as_json)

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
# Proxies are believed by TRUSTED_PROXIES alone.
forwarded_allow_ips = ""
logger_class = PipedLogger
accesslog = None
loglevel = settings.log_level

# What the workers share; each server of this machine has a folder of its own.
shared_folder = worker_slots.shared_folder(settings.data_dir, settings.port)
master = Master(shared_folder, supervised_workers if settings.worker_processes else None)
when_ready = master.when_ready
pre_fork = master.pre_fork
child_exit = master.child_exit
on_reload = master.on_reload
on_exit = master.on_exit

# The hooks below run in a worker, and import the application there: what the master imports, a reload (HUP) does not load again.


def post_fork(server, worker):
    """Count for /metrics in the files of the worker's slot."""
    give_back_memory()
    slot = master.slot_of(server, worker)
    if slot is not None:
        from infrastructure.metrics import use_slot

        use_slot(shared_folder, slot)


def post_worker_init(worker):
    """Start the application: database, schema, prices. A first worker that cannot start says why and stops gunicorn."""
    import app as application

    before_graceful_stop(worker.wsgi.services.job_feed.close)
    # A worker that replaces one must not stop the others because the database is away: it serves 503 until the database is back.
    is_replacement = worker.age > settings.web_concurrency
    attempts = 1 if is_replacement else None
    boot(worker, lambda: application.start(worker.wsgi, attempts, needs_database=not is_replacement), application.NOT_STARTED)


def worker_exit(server, worker):
    """Stop what the worker started, in the reverse order; a part that hangs is left behind."""
    # There is none when it could not be imported, and the reason has been logged.
    if getattr(worker, "wsgi", None) is not None:
        import app as application

        application.stop(worker.wsgi)
