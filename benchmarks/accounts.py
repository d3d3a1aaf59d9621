"""What accounts cost: signing in beside the hash alone, a token beside a key, and a change with and without its entry in the audit log."""

from __future__ import annotations

import json
from statistics import median

import database
from benchmarks.load import drive_from_process, request
from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, at_most, milliseconds, times
from benchmarks.servers import Server, Servers

TITLE = "Accounts"
NOTE = (
    "A sign-in over HTTP is `POST /api/v1/auth/login` on one connection, with its counted try, session, refresh token and entry in "
    "the audit log; the peer is argon2-cffi alone, which verifies the same hash. A caller is looked up within the two seconds in "
    "which a process remembers them; the peer is the look-up of a key. A change is a new note on a watch list; the peer is the same "
    "transaction without its entry in the audit log. The median call of a round, the best of 20 rounds taken in turns; requests per "
    "second on Postgres, the median of 7 rounds."
)
ROUNDS = 20
SECONDS = 0.1  # per round
SIGN_INS = 15  # per engine, after one that imports what it needs
RATE_ROUNDS = 7
RATE_SECONDS = 1.5
CONNECTIONS = 16
EMAIL, PASSWORD = "ada@example.com", "four plain words here"
ENGINES = ("SQLite", "Postgres")
REGISTERING = {"REGISTRATION_ENABLED": "true"}
BY_TOKEN, BY_KEY = "token", "key"
MOST_OF_HASH, LEAST_OF_KEY = 1.5, 0.8
MOST_OF_ENTRY = {"SQLite": 0.0005, "Postgres": 0.001}  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    urls = {engine: servers.database_url(engine, f"accounts-{engine}") for engine in ENGINES}
    with Meter(__name__, "contenders", urls["SQLite"]) as sqlite, Meter(__name__, "contenders", urls["Postgres"]) as postgres:
        names = ("hash", "key", "token", "session", "change", "change-unwritten")
        best = {
            engine: best_of(ROUNDS, [(meter, name, SECONDS) for name in names])
            for engine, meter in zip(ENGINES, (sqlite, postgres), strict=True)
        }
    rows = []
    for engine in ENGINES:
        server = servers.bellwether(f"accounts-{engine}-http", servers.database_url(engine, f"accounts-{engine}-http"), more=REGISTERING)
        rows.append(at_most(f"sign in on {engine}, beside the hash alone", _sign_in(server), best[engine]["hash"], MOST_OF_HASH))
        if engine == "Postgres":
            rows.append(_reads(server))
        server.stop()
    for what, name in (("an access token", "token"), ("a session's cookie", "session")):
        ours, peer = best["SQLite"][name], best["SQLite"]["key"]
        rows.append(Row(f"look up the caller of {what}, beside a key's", milliseconds(ours), milliseconds(peer), times(ours / peer)))
    for engine, most in MOST_OF_ENTRY.items():
        written, unwritten = best[engine]["change"], best[engine]["change-unwritten"]
        rows.append(
            Row(
                f"change a note on {engine}, beside the same without its entry",
                milliseconds(written),
                milliseconds(unwritten),
                f"+{milliseconds(written - unwritten)}",
                f"≤ +{1000 * most:g} ms",
                written - unwritten <= most,
            )
        )
    return rows


def contenders(url: str) -> Contenders:
    """Fill a new database with a person, a key and a watched ticker; return the functions that are timed."""
    from argon2 import PasswordHasher

    import db_migrations
    from config import Settings
    from features.accounts.api_keys import create_key
    from features.accounts.passwords import LANES, MEMORY_KIB, PASSES
    from features.accounts.service import NewSession, Origin, make_accounts
    from features.accounts.users import NewUser, create_admin
    from features.watchlist import service as watchlist
    from features.watchlist.service import Changes
    from infrastructure.audit import Trail, follow
    from infrastructure.cache import Cache, CacheLimits
    from infrastructure.metrics import Metrics
    from models.api_key import FIRST_ORG
    from models.watchlist import ListKey
    from utils.logger import configure_logging

    configure_logging("error", as_json=True)
    database.configure(database.DatabaseOptions(url=url))
    db_migrations.ensure_schema(True)
    current = database.current()
    parts = make_accounts(Settings(_env_file=None), current, Cache(current, CacheLimits(10_000_000, 3600), None, Metrics()))
    ada = create_admin(parts, NewUser(EMAIL, "Ada", PASSWORD))
    _, key = create_key(current, FIRST_ORG, "benchmark")
    new = NewSession(FIRST_ORG, Origin("127.0.0.1", None), user_id=ada.id)
    cookie = parts.all_sessions.begin(new)
    with current.transaction() as connection:
        token = parts.sign_in.access_tokens.make(ada.id, parts.all_sessions.begin_program(connection, new), FIRST_ORG).token
        watchlist.add(connection, ListKey(FIRST_ORG), "AAPL", "Apple", None)
    hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
    stored = hasher.hash(PASSWORD)
    notes = iter(range(10**9))

    def change(trail: Trail | None) -> None:
        follow(trail)
        changes = Changes(frozenset({"notes"}), notes=f"note {next(notes)}")
        with current.transaction() as connection:
            watchlist.change(connection, ListKey(FIRST_ORG), "AAPL", changes)
        follow(None)

    return {
        "hash": lambda: hasher.verify(stored, PASSWORD),
        "key": lambda: parts.keys.principal(key),
        "token": lambda: parts.tokens.principal(token),
        "session": lambda: parts.sessions.find(cookie),
        "change": lambda: change(Trail("change_watchlist_item", target=lambda variables: "watchlist/AAPL", sent=lambda: {"notes": "note"})),
        "change-unwritten": lambda: change(None),
    }


def _sign_in(server: Server) -> float:
    """The seconds of the median sign-in."""
    server.call("POST", "/api/v1/auth/register", {"email": EMAIL, "name": "Ada", "password": PASSWORD})
    connection = server.connect()
    try:
        taken = [connection.exchange(_log_in())[0] for _ in range(SIGN_INS + 1)]
    finally:
        connection.close()
    return median(taken[1:])


def _reads(server: Server) -> Row:
    """A result, read by an access token beside by a key of the same person."""
    connection = server.connect()
    try:
        token = json.loads(connection.exchange(_log_in())[1])["access_token"]
        made = connection.exchange(request("POST", "/api/v1/auth/keys", token, {"name": "Benchmark", "scopes": ["read"]}))
        result = connection.exchange(request("POST", "/api/v1/analyze", token, {"ticker": "AAPL"}))
    finally:
        connection.close()
    path = f"/api/v1/results/{json.loads(result[1])['id']}"
    rates: dict[str, list[float]] = {BY_TOKEN: [], BY_KEY: []}
    for _ in range(RATE_ROUNDS):
        for name, key in ((BY_TOKEN, token), (BY_KEY, json.loads(made[1])["key"])):
            rates[name].append(drive_from_process(server.port, request("GET", path, key), CONNECTIONS, RATE_SECONDS).rate)
    share = median(ours / peer for ours, peer in zip(rates[BY_TOKEN], rates[BY_KEY], strict=True))
    ours, peer = (f"{median(rates[name]):,.0f}" for name in (BY_TOKEN, BY_KEY))
    return Row(
        "a stored result by an access token, requests/s, beside by a key",
        ours,
        peer,
        times(share),
        f"≥ {LEAST_OF_KEY:g}×",
        share >= LEAST_OF_KEY,
    )


def _log_in() -> bytes:
    return request("POST", "/api/v1/auth/login", body={"email": EMAIL, "password": PASSWORD})
