"""Counters in memory that threads and processes share: exact, and robust against whoever dies or floods them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kit.paths import ROOT
from kit.servers import wait_until

from infrastructure import shared_counts
from infrastructure.shared_counts import PROBES, SharedCounts

AN_HOUR = 3600.0
COUNTING = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from infrastructure.shared_counts import SharedCounts
counts = SharedCounts(Path({path!r}))
for _ in range(1000):
    counts.add("key", 3600.0)
"""
HOLDING = """
import fcntl, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from infrastructure.shared_counts import SharedCounts
counts = SharedCounts(Path({path!r}))
counts.add("key", 3600.0)
fcntl.lockf(counts._descriptor, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts"


@pytest.fixture
def counts(path: Path) -> Iterator[SharedCounts]:
    made = SharedCounts(path)
    yield made
    made.close()


def run(script: str, path: Path) -> subprocess.Popen[bytes]:
    text = script.format(root=str(ROOT), path=str(path))
    return subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_it_counts_by_key_and_keeps_the_end_of_the_window(counts: SharedCounts) -> None:
    began = time.time()
    first, ends = counts.add("a", AN_HOUR)
    assert began + AN_HOUR <= ends <= time.time() + AN_HOUR
    assert [counts.add("a", AN_HOUR) for _ in range(3)] == [(2, ends), (3, ends), (4, ends)]
    assert counts.add("a", AN_HOUR, 10) == (14, ends)
    assert (first, counts.add("b", AN_HOUR)[0], counts.get("a"), counts.get("none")[0]) == (1, 1, (14, ends), 0)


def test_a_window_that_has_ended_begins_anew(counts: SharedCounts) -> None:
    for _ in range(5):
        counts.add("short", 0.05)
        counts.add("long", AN_HOUR)
    wait_until(lambda: counts.get("short")[0] == 0)
    assert counts.add("short", AN_HOUR)[0] == 1
    assert counts.get("long")[0] == 5


def test_forgetting(counts: SharedCounts) -> None:
    for key in ("a", "b", "c"):
        counts.add(key, AN_HOUR)
    counts.clear("a")
    counts.clear("none")
    assert [counts.get(key)[0] for key in ("a", "b", "c")] == [0, 1, 1]
    counts.reset()
    assert [counts.get(key)[0] for key in ("a", "b", "c")] == [0, 0, 0]


def test_threads_lose_no_count(counts: SharedCounts) -> None:
    with ThreadPoolExecutor(16) as pool:
        seen = sorted(pool.map(lambda _: counts.add("key", AN_HOUR)[0], range(4000)))
    assert seen == list(range(1, 4001))


def test_processes_lose_no_count(counts: SharedCounts, path: Path) -> None:
    processes = [run(COUNTING, path) for _ in range(4)]
    for _ in range(1000):
        counts.add("key", AN_HOUR)
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert counts.get("key")[0] == 5000


def test_a_process_that_is_killed_with_the_lock_gives_it_back(counts: SharedCounts, path: Path) -> None:
    process = run(HOLDING, path)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(counts.add, "key", AN_HOUR)
        wait_until(counts._lock.locked)
        assert not waiting.done()
        os.kill(process.pid, signal.SIGKILL)
        assert waiting.result(60)[0] == 2
    process.communicate(timeout=60)


def test_without_a_file_it_is_its_own(path: Path) -> None:
    one, other = SharedCounts(None), SharedCounts(None)
    one.add("a", AN_HOUR)
    assert (one.get("a")[0], other.get("a")[0]) == (1, 0)
    one.close()
    other.close()


def test_the_file_is_its_owners_alone_and_keeps_its_counts(path: Path) -> None:
    first = SharedCounts(path)
    first.add("a", AN_HOUR)
    first.close()
    second = SharedCounts(path)
    assert (second.get("a")[0], path.stat().st_mode & 0o777) == (1, 0o600)
    second.close()


def test_a_full_table_forgets_what_ends_soonest(counts: SharedCounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_counts, "SLOTS", PROBES)  # so that every key may lie in every slot
    for number in range(PROBES):
        counts.add(f"key {number}", AN_HOUR + number)
    counts.add("one more", AN_HOUR * 2)
    assert counts.get("key 0")[0] == 0
    assert [counts.get(f"key {number}")[0] for number in range(1, PROBES)] == [1] * (PROBES - 1)
    # One that is counted all the time gives way to none that ends sooner.
    for number in range(100):
        counts.add(f"flood {number}", 60.0)
    assert counts.get("one more")[0] == 1


def test_under_a_flood_of_keys_the_size_stays(counts: SharedCounts, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = path.stat().st_size
    monkeypatch.setattr(shared_counts, "SLOTS", 64)
    for number in range(2000):
        assert counts.add(f"key {number}", 60.0)[0] == 1
    assert path.stat().st_size == size
