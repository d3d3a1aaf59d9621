"""gunicorn's settings and hooks, derived from our Settings. `gunicorn wsgi:app` reads this file automatically."""

import sys
from pathlib import Path

from config import ConfigError, Settings
from infrastructure import worker_slots
from infrastructure.allocator import give_back_memory
from infrastructure.entrance import warn_of_public_development
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
largest_body = max(settings.max_json_bytes, settings.max_upload_bytes, settings.max_import_bytes)
worker_class = worker_with(Limits(settings.web_head_seconds, settings.web_least_rate, largest_body))
workers = settings.web_concurrency
threads = settings.web_threads
timeout = settings.web_timeout
graceful_timeout = settings.web_graceful_timeout
keepalive = settings.web_keepalive
# Workers are replaced one by one after so many requests, which bounds a slow memory leak.
max_requests = settings.web_max_requests
max_requests_jitter = settings.web_max_requests // 2
# Heartbeats go through a file. On a disk that stalls, gunicorn would kill healthy workers.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nosec B108  # gunicorn creates a file that only it can open
control_socket_disable = True
# TRUSTED_PROXIES alone decides which proxies are trusted.
forwarded_allow_ips = ""
logger_class = PipedLogger
accesslog = None
loglevel = settings.log_level

# The folder of files that the workers share; each server on this machine has its own.
shared_folder = worker_slots.shared_folder(settings.data_dir, settings.port)
master = Master(shared_folder, supervised_workers if settings.worker_processes else None)
pre_fork = master.pre_fork
child_exit = master.child_exit
on_reload = master.on_reload
on_exit = master.on_exit


def when_ready(server):
    """Set up what the workers share, and warn of an open port, which the command line may have chosen."""
    master.when_ready(server)
    for listener in server.LISTENERS:
        address = listener.sock.getsockname()
        if isinstance(address, tuple):  # not a Unix socket
            warn_of_public_development(settings, address[0], f"start gunicorn with --bind 127.0.0.1:{settings.port}")


# The hooks below run in a worker and import the application there, because a reload (HUP) does not renew what the master has imported.


def post_fork(server, worker):
    """Count for /metrics in the files of the worker's slot."""
    give_back_memory()
    slot = master.slot_of(server, worker)
    if slot is not None:
        from infrastructure.metrics import use_slot

        use_slot(shared_folder, slot)


def post_worker_init(worker):
    """Start the application: database, schema, prices. When a first worker cannot start, it logs the reason and stops gunicorn."""
    import app as application

    before_graceful_stop(worker.wsgi.services.job_feed.close)
    # A replacement worker must not stop gunicorn because the database is away: it answers 503 until the database is back.
    is_replacement = worker.age > settings.web_concurrency
    attempts = 1 if is_replacement else None
    boot(worker, lambda: application.start(worker.wsgi, attempts, needs_database=not is_replacement), application.NOT_STARTED)


def worker_exit(server, worker):
    """Stop the parts that the worker started, in reverse order; a part that hangs is abandoned."""
    # Without `wsgi` the application could not be imported, and the reason has been logged.
    if getattr(worker, "wsgi", None) is not None:
        import app as application

        application.stop(worker.wsgi)
