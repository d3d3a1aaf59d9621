"""The cost of a cache hit, compared with the read that it saves."""

from __future__ import annotations

import database
from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, milliseconds, times
from benchmarks.servers import Servers
from models.strategy import BALANCED

TITLE = "Cache"
NOTE = (
    "One look-up in this process's memory, or in a Redis on the same machine, beside the read that it saves, with its checkout from the "
    "pool: a stored result of 5 KB by its id, and an API key by its digest. The median call of a round of 0.1 s, the best of 30 rounds "
    "taken in turns. Redis is used for results beside Postgres alone, and for keys never, by these figures."
)
ROUNDS = 30
SECONDS = 0.1  # per round
READS = {"result": "a result", "key": "a key"}


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    redis = servers.redis_url()
    urls = {engine: servers.database_url(engine, f"cache-{engine}") for engine in ("SQLite", "Postgres")}
    with (
        Meter(__name__, "lookups", urls["SQLite"], redis) as sqlite,
        Meter(__name__, "lookups", urls["Postgres"], redis) as postgres,
    ):
        names = [f"{kind}-{read}" for kind in ("read", "memory", "redis") for read in READS]
        best = {
            engine: best_of(ROUNDS, [(meter, name, SECONDS) for name in names])
            for engine, meter in (("SQLite", sqlite), ("Postgres", postgres))
        }
    rows = []
    for read, what in READS.items():
        for engine in urls:
            for kind, hit in (("memory", "in memory"), ("redis", "in Redis")):
                hit_time, read_time = best[engine][f"{kind}-{read}"], best[engine][f"read-{read}"]
                is_used = kind == "memory" or (engine == "Postgres" and read == "result")
                target, met = ("< 1×", hit_time < read_time) if is_used else ("not used", None)
                rows.append(
                    Row(
                        f"{what} {hit}, beside reading it from {engine}",
                        milliseconds(hit_time),
                        milliseconds(read_time),
                        times(hit_time / read_time),
                        target,
                        met,
                    )
                )
    return rows


def lookups(url: str, redis_url: str) -> Contenders:
    """Fill a new database and both caches with one result and one key; return the functions that look them up."""
    import db_migrations
    from features.accounts.api_keys import KeyRing, create_key
    from features.analyses.service import analyse_ticker, result_body
    from features.prices.providers.sample import SampleProvider
    from features.prices.sample import load_if_empty
    from infrastructure.cache import Cache, CacheLimits, NoCache, RedisStore
    from infrastructure.metrics import Metrics
    from infrastructure.redis_link import RedisLink
    from models.analysis import AnalysisOrder
    from models.api_key import FIRST_ORG
    from utils.json_text import parse_strict
    from utils.logger import configure_logging

    configure_logging("warning", as_json=True)
    database.configure(database.DatabaseOptions(url=url))
    db_migrations.ensure_schema(True)
    load_if_empty(database.current(), SampleProvider())
    result_id = parse_strict(
        analyse_ticker(database.current(), FIRST_ORG, AnalysisOrder("AAPL", BALANCED), NoCache(database.current())).body
    )["id"]
    _, key = create_key(database.current(), FIRST_ORG, "benchmark")
    memory = Cache(database.current(), CacheLimits(10_000_000, 3600), None, Metrics())
    lookups_by_name: Contenders = {}
    for kind, cache in (("read", NoCache(database.current())), ("memory", memory)):
        ring = KeyRing(database.current(), lambda: "no key at all", cache)
        lookups_by_name[f"{kind}-result"] = lambda cache=cache: result_body(database.current(), FIRST_ORG, result_id, cache)
        lookups_by_name[f"{kind}-key"] = lambda ring=ring: ring.principal(key)
    # Redis alone: the cache looks into the memory of the process first, and keys are never shared.
    shared = RedisStore(RedisLink(redis_url))
    shared.put(
        "result",
        b"\n".join(
            part.encode() if isinstance(part, str) else part for part in result_body(database.current(), FIRST_ORG, result_id, memory)[:2]
        ),
        3600,
    )
    shared.put("key", b'[1,"01a1fbfd-9824-717c-a87f-91a0d7f557bf"]', 3600)
    lookups_by_name["redis-result"] = lambda: shared.get("result")
    lookups_by_name["redis-key"] = lambda: shared.get("key")
    return lookups_by_name
