"""What a hit costs beside the read that it saves."""

from __future__ import annotations

from benchmarks.meter import Contenders, Meter, best_of
from benchmarks.report import Row, milliseconds, times
from benchmarks.servers import Servers

TITLE = "Cache"
NOTE = (
    "One look-up in this process's memory, or in a Redis on the same machine, beside the read that it saves, with its checkout from the "
    "pool: a stored result of 5 KB by its id, and an API key by its digest. The median call of a round of 0.1 s, the best of 30 rounds "
    "taken in turns. Redis is used for results beside Postgres alone, and for keys never, by these figures."
)
ROUNDS = 30
SECONDS = 0.1  # a round
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
    """Fill a new database with one result and one key, and both caches with the same; what looks them up."""
    import database
    import db_migrations
    from models.analysis import AnalysisOrder
    from models.api_key import FIRST_ORG
    from providers.sample import SampleProvider
    from services.analysis import analyse_ticker, result_body
    from services.api_key import KeyRing, create_key
    from services.cache import Cache, NoCache, RedisStore
    from services.metrics import Metrics
    from services.sample import load_if_empty
    from utils.json_text import parse_strict
    from utils.logger import configure_logging
    from utils.redis_link import RedisLink

    configure_logging("warning", as_json=True)
    database.configure(database.DatabaseOptions(url=url))
    db_migrations.ensure_schema(True)
    load_if_empty(SampleProvider())
    result_id = parse_strict(analyse_ticker(FIRST_ORG, AnalysisOrder("AAPL", "balanced")).body)["id"]
    _, key = create_key(FIRST_ORG, "benchmark")
    memory = Cache(10_000_000, 3600, None, Metrics())
    made: Contenders = {}
    for kind, cache in (("read", NoCache()), ("memory", memory)):
        ring = KeyRing(lambda: "no key at all", cache)
        made[f"{kind}-result"] = lambda cache=cache: result_body(FIRST_ORG, result_id, cache)
        made[f"{kind}-key"] = lambda ring=ring: ring.principal(key)
    # Redis alone: the cache looks into the memory of the process first, and keys are never shared.
    shared = RedisStore(RedisLink(redis_url))
    shared.put(
        "result", b"\n".join(part.encode() if isinstance(part, str) else part for part in result_body(FIRST_ORG, result_id, memory)), 3600
    )
    shared.put("key", b'[1,"01a1fbfd-9824-717c-a87f-91a0d7f557bf"]', 3600)
    made["redis-result"] = lambda: shared.get("result")
    made["redis-key"] = lambda: shared.get("key")
    return made
