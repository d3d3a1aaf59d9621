"""A PgBouncer in front of the tests' PostgreSQL, as it is installed, but for its port and the database behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url

from kit.databases import Backend
from kit.deploy import tool
from kit.servers import free_port, wait_until


@contextmanager
def pooled(backend: Backend, **settings: str) -> Iterator[Backend]:
    """The same database through a pooler in transaction mode during the block. `settings` are further ones of pgbouncer.ini."""
    program = tool("pgbouncer")
    url = make_url(backend.url)
    socket_folder = Path(str(url.query["host"]))
    owner = socket_folder.stat().st_uid  # PgBouncer refuses to run as root, and the folder is for its owner only
    port = free_port()
    # Not in pytest's folder, which is for root only.
    with TemporaryDirectory(prefix="bellwether-pgbouncer-") as home:
        lines = {
            "listen_addr": "127.0.0.1", "listen_port": str(port), "unix_socket_dir": "", "auth_type": "any", "pool_mode": "transaction",
            "logfile": f"{home}/log", "pidfile": f"{home}/pid", **settings,
        }  # fmt: skip
        database = f"* = host={socket_folder} user={url.username}"
        config = Path(home) / "pgbouncer.ini"
        config.write_text(f"[databases]\n{database}\n[pgbouncer]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))
        for path in (home, config):
            shutil.chown(path, owner)
        user = owner if os.geteuid() == 0 else None
        process = subprocess.Popen([program, str(config)], user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            log = Path(home) / "log"
            wait_until(lambda: log.exists() and "process up" in log.read_text())
            yield Backend(backend.engine, f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}")
        finally:
            process.terminate()
            process.wait()
