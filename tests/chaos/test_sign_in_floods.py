"""Two hundred people sign in at once: memory stays bounded, light requests are answered as before, and each is told what came of it."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from kit.accounts import PASSWORD
from kit.databases import Backend
from kit.onlooking import MemoryWatch, Onlooker
from kit.production import instances, new_key

import database
from features.accounts.passwords import Passwords
from features.accounts.users import NewUser, add_user, hash_of

SIGN_INS = 200
CALM_SECONDS = 3.0
MOST_MEMORY = 300_000_000
PATIENCE = 120.0
SLOWER = 3.0  # times, at most, that light requests take meanwhile
FLOOR = 0.25  # seconds that a machine under tests may take for anything


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))]


def test_two_hundred_sign_ins_at_once(backend: Backend, tmp_path: Path) -> None:
    new = NewUser("ada@example.com", "Ada", PASSWORD)
    password_hash = hash_of(Passwords(), new)
    with database.transaction() as connection:
        add_user(connection, new, password_hash)
    environment = {"WEB_CONCURRENCY": "2", "TRUSTED_PROXIES": "1", "LOCAL_WORKERS": "0", "RATE_LIMIT_ENABLED": "false"}
    with instances(backend, tmp_path, 1, **environment) as (server,):
        key = new_key("onlooker")

        def list_watchlist(_: int) -> requests.Response:
            return requests.get(server.url("/api/v1/watchlist"), headers=key, timeout=PATIENCE)

        def sign_in(number: int) -> tuple[int, bool]:
            # Each from an address of its own, half of them with the right password.
            sent = {"email": new.email, "password": PASSWORD if number % 2 else f"wrong number {number}"}
            headers = {"X-Forwarded-For": f"198.51.{number // 250}.{number % 250}"}
            answer = requests.post(server.url("/api/v1/auth/login"), json=sent, headers=headers, timeout=PATIENCE)
            return answer.status_code, "Retry-After" in answer.headers

        sign_in(1)  # the first one imports what the others use
        calm, busy, memory = Onlooker(list_watchlist), Onlooker(list_watchlist), MemoryWatch(server)
        over = threading.Event()
        threading.Timer(CALM_SECONDS, over.set).start()
        calm.run(over.is_set)
        over = threading.Event()
        watchers = [threading.Thread(target=one.run, args=(over.is_set,)) for one in (busy, memory)]
        for watcher in watchers:
            watcher.start()
        with ThreadPoolExecutor(SIGN_INS) as pool:
            told = list(pool.map(sign_in, range(SIGN_INS)))
        over.set()
        for watcher in watchers:
            watcher.join(PATIENCE)
        statuses = Counter(status for status, _ in told)
        assert set(statuses) <= {200, 401, 503}, statuses
        assert statuses[200] >= 2
        assert all(says_when for status, says_when in told if status == 503)
        assert all(most < MOST_MEMORY for most in memory.most.values()), memory.most
        assert set(busy.statuses) == {200}
        assert p95(busy.seconds) < max(SLOWER * p95(calm.seconds), FLOOR), (p95(calm.seconds), p95(busy.seconds), statuses)
        assert server.stop() == 0
    assert "Traceback" not in server.log
