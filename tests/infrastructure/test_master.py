"""The hooks of gunicorn's master process, with a stand-in server that has only what the hooks use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.errors import HaltServer
from kit.paths import ROOT

from infrastructure.web_server.master import Master, halting_once


class Worker:
    """A worker with the attributes that the hooks use."""

    pid = 1


class Server:
    """An arbiter with the attributes that the hooks use. It records calls."""

    reexec_pid = master_pid = 0
    systemd = False

    def __init__(self) -> None:
        self.WORKERS: dict[int, Worker] = {}
        self.LISTENERS: list[SimpleNamespace] = []
        self.calls: list[str] = []

    def reap_workers(self) -> None:
        self.calls.append("reap")

    def manage_workers(self) -> None:
        self.calls.append("manage")

    def stop(self, graceful: bool = True) -> None:
        self.calls.append(f"stop {graceful}")

    def fork(self, master: Master) -> Worker:
        """Fork as the arbiter does: the worker is listed after the fork."""
        worker = Worker()
        master.pre_fork(self, worker)
        self.WORKERS[id(worker)] = worker
        return worker


class Child:
    """A supervised child that records calls."""

    def __init__(self, calls: list[str]) -> None:
        self.check = lambda: calls.append("check child")
        self.note_end = lambda: calls.append("note end of child")
        self.ask_to_stop = lambda: calls.append("ask child to stop")
        self.stop = lambda: calls.append("stop child")


@pytest.fixture
def server() -> Server:
    return Server()


def test_workers_take_the_lowest_free_slot(server: Server, tmp_path: Path) -> None:
    master = Master(tmp_path / "shared", None)
    master.when_ready(server)
    workers = [server.fork(master) for _ in range(3)]
    assert [master.slot_of(server, worker) for worker in workers] == [0, 1, 2]
    gone = server.WORKERS.pop(id(workers[1]))
    master.child_exit(server, gone)
    assert master.slot_of(server, server.fork(master)) == 1


def test_slots_and_the_child_outlive_a_reload(server: Server, tmp_path: Path) -> None:
    """A reload reads gunicorn.conf.py again and so creates new hooks for the same server."""
    before = Master(tmp_path / "shared", lambda: Child(server.calls))
    before.when_ready(server)
    worker = server.fork(before)
    after = Master(tmp_path / "shared", lambda: pytest.fail("a second child"))
    after.on_reload(server)
    assert server.calls == ["ask child to stop"]
    assert (after.slot_of(server, worker), after.slot_of(server, server.fork(after))) == (0, 1)


def test_the_child_is_checked_and_stopped_with_the_workers(server: Server, tmp_path: Path) -> None:
    Master(tmp_path / "shared", lambda: Child(server.calls)).when_ready(server)
    server.manage_workers()
    server.reap_workers()
    server.stop(graceful=False)
    assert server.calls == ["manage", "check child", "note end of child", "reap", "ask child to stop", "stop False", "stop child"]


REAPED_BY_GUNICORN = """
import os, sys
from pathlib import Path
from infrastructure.web_server.master import Master
from jobs.supervised_process import SupervisedProcess

class Server:
    def reap_workers(self):
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            pass
    def manage_workers(self): ...
    def stop(self, graceful=True): ...

server, child = Server(), SupervisedProcess([sys.executable, "-c", "raise SystemExit(3)"], "child")
Master(Path(sys.argv[1]), lambda: child).when_ready(server)
server.manage_workers()
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
server.reap_workers()
server.manage_workers()
"""


def test_the_status_of_the_child_is_logged_although_gunicorn_reaps_it(tmp_path: Path) -> None:
    """In a process of its own, because gunicorn reaps every child of its process."""
    command = [sys.executable, "-c", REAPED_BY_GUNICORN, str(tmp_path / "shared")]
    environment = {**os.environ, "NO_COLOR": "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    (ended,) = (line for line in run.stdout.splitlines() if "child ended, it is started again" in line)
    assert "status=3" in ended


@pytest.mark.parametrize(("attribute", "is_shared"), [("reexec_pid", True), ("master_pid", True), ("systemd", True), ("other", False)])
def test_connections_arrive_until_the_stop_of_the_only_owner(server: Server, tmp_path: Path, attribute: str, is_shared: bool) -> None:
    """A second master (USR2) or systemd goes on to use the listener."""
    Master(tmp_path / "shared", None).when_ready(server)
    setattr(server, attribute, 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.LISTENERS.append(SimpleNamespace(sock=listener))
        socket.create_connection(listener.getsockname(), timeout=60).close()
        server.stop()
        with nullcontext() if is_shared else pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.2 if not is_shared else 60).close()
    assert server.calls == ["stop True"]


def test_two_servers_have_their_own_state(tmp_path: Path) -> None:
    servers = Server(), Server()
    master = Master(tmp_path / "shared", None)
    workers = [server.fork(master) for server in servers]
    (tmp_path / "shared").mkdir()
    assert [master.slot_of(server, worker) for server, worker in zip(servers, workers, strict=True)] == [0, 0]


def test_only_the_server_that_made_the_folder_removes_it(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    master = Master(folder, None)
    master.when_ready(server)
    (folder / "counts").write_text("1")
    master.on_exit(Server())  # a second master that found its port in use
    assert (folder / "counts").exists()
    master.on_exit(server)
    assert not folder.exists()


def test_without_a_place_for_the_folder_workers_count_for_themselves(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    master = Master(tmp_path / "file" / "shared", None)
    master.when_ready(server)
    assert master.slot_of(server, server.fork(master)) is None
    master.on_exit(server)
    assert (tmp_path / "file").exists()


def test_the_server_halts_once() -> None:
    halts = SimpleNamespace(count=0)

    def reap() -> None:
        halts.count += 1
        raise HaltServer("a worker cannot start", 3)

    halting = halting_once(reap)
    with pytest.raises(HaltServer):
        halting()
    halting()  # a second worker fails to start during the halt for the first
    assert halts.count == 2
