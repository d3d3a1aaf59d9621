"""Time series of a service with two instances, healthy and with each kind of fault, for the tests of the alerts. One value per minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INSTANCES = ("one:8000", "two:8000")
READ = 'method="GET", route="/api/v1/results/<result_id>"'
ANALYZE = 'method="POST", route="/api/v1/analyze"'
REPORT = 'method="GET", route="/api/v1/reports/jobs/<job_id>.xlsx"'
EVENTS = 'method="GET", route="/api/v1/jobs/<job_id>/events"'
READY = 'method="GET", route="/health/ready"'


def named(name: str, labels: str = "", instance: str = INSTANCES[0]) -> str:
    """The name of a series of one instance, with its labels."""
    return f'{name}{{job="bellwether", instance="{instance}"{", " if labels else ""}{labels}}}'


def everywhere(name: str, labels: str, values: str | None) -> dict[str, str | None]:
    """A series with the same values for every instance."""
    return {named(name, labels, instance): values for instance in INSTANCES}


def requests(endpoint: str, status: int, a_minute: int) -> dict[str, str | None]:
    """Requests to every instance: `a_minute` requests per minute."""
    return everywhere("http_requests_total", f'{endpoint}, status="{status}"', f"0+{a_minute}x600")


def still(name: str, value: float, labels: str = "") -> dict[str, str | None]:
    """A constant value."""
    return everywhere(name, labels, f"{value}+0x600")


def rising(name: str, a_minute: float, labels: str = "") -> dict[str, str | None]:
    """A counter that rises by `a_minute` per minute."""
    return everywhere(name, labels, f"0+{a_minute}x600")


def merged(*parts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Merge several sets of series. Later ones override earlier ones."""
    return {name: values for part in parts for name, values in part.items()}


def latency(fast: int, slow: int) -> dict[str, str | None]:
    """A histogram: per minute, `fast` requests of up to 50 ms and `slow` requests of up to 5 s."""
    bucket, of = "http_request_duration_seconds_bucket", f'{READ}, status="200"'
    return merged(
        rising(bucket, fast, f'{of}, le="0.05"'), rising(bucket, fast, f'{of}, le="1"'),
        rising(bucket, fast + slow, f'{of}, le="5"'), rising(bucket, fast + slow, f'{of}, le="+Inf"'),
    )  # fmt: skip


FLAGS = ("bulk_jobs", "uploads", "analyses", "streams")
HEALTHY = merged(
    still("up", 1),
    requests(READ, 200, 600), requests(READ, 404, 20), requests(READ, 500, 0), requests(READ, 503, 0),
    requests(ANALYZE, 200, 60), requests(ANALYZE, 503, 0), requests(REPORT, 200, 0), requests(REPORT, 500, 0), requests(READY, 200, 60),
    latency(600, 6),
    still("bellwether_database_up", 1),
    still("bellwether_db_pool_connections", 3, 'state="in_use"'), still("bellwether_db_pool_connections", 24, 'state="limit"'),
    rising("bellwether_db_pool_events_total", 0, 'event="timeouts"'), rising("bellwether_db_pool_events_total", 900, 'event="checkouts"'),
    still("bellwether_breaker_open", 0, 'name="database"'), rising("bellwether_breaker_opened_total", 0, 'name="database"'),
    rising("bellwether_rate_limited_total", 5, 'budget="reads"'), rising("bellwether_rate_limited_total", 0, 'budget="refused_keys"'),
    still("bellwether_rate_limit_in_memory", 0),
    still("bellwether_job_backlog_items", 500), still("bellwether_job_backlog_age_seconds", 0),
    still("bellwether_workers_live", 2, 'lane="cpu"'), still("bellwether_workers_live", 0, 'lane="network"'),
    rising("bellwether_job_items_total", 100, 'outcome="succeeded"'), rising("bellwether_job_items_total", 2, 'outcome="failed"'),
    rising("bellwether_job_items_total", 0, 'outcome="cancelled"'), rising("bellwether_job_rescues_total", 0),
    still("bellwether_schedules_behind", 0), still("bellwether_schedule_dispatcher_age_seconds", 9),
    rising("bellwether_schedule_firings_total", 5, 'state="fired"'),
    still("bellwether_schema_servable", 1), still("bellwether_schema_pending", 0),
    *(still("bellwether_feature_enabled", 1, f'flag="{flag}"') for flag in FLAGS),
    still("bellwether_build_info", 1, 'version="1", engine_version="1"'),
)  # fmt: skip
OF_THE_DATABASE = ("bellwether_job", "bellwether_schedule", "bellwether_workers", "bellwether_schema", "bellwether_feature")
NEVER_REFUSED = {name: None for name in HEALTHY if 'status="503"' in name}
GONE_WITH_THE_DATABASE = {name: None for name in HEALTHY if name.startswith(OF_THE_DATABASE)}
NO_ITEMS = merged(*(rising("bellwether_job_items_total", 0, f'outcome="{outcome}"') for outcome in ("succeeded", "failed")))


NEW_ON_ONE = {named("bellwether_build_info", 'version="2", engine_version="1"', INSTANCES[1]): "1+0x600"}
UNCLAIMED = merged(NO_ITEMS, everywhere("bellwether_job_backlog_age_seconds", "", "0+60x600"))
# One request per minute, and a single error.
RARE = merged(
    {name: None for name in HEALTHY if "http_req" in name},
    {named("http_requests_total", f'{READ}, status="200"'): "0+1x600"},
    {named("http_requests_total", f'{READ}, status="500"'): "0+0x20 1+0x580"},
)


def off(flag: str) -> dict[str, str | None]:
    """A feature that is switched off."""
    return still("bellwether_feature_enabled", 0, f'flag="{flag}"')


@dataclass(frozen=True)
class Case:
    """A fault and the alerts for it.

    - `changes`: what differs from the healthy service. None removes a series.
    - `fires`: all alerts that fire after `minutes`.
    - `on_top`: whether the series of the healthy service are there, too.
    """

    name: str
    changes: Mapping[str, Any]
    minutes: int
    fires: frozenset[str]
    on_top: bool = True


def case(name: str, changes: Mapping[str, Any], minutes: int, *alerts: str, on_top: bool = True) -> Case:
    """A case. The alerts are given without their common prefix."""
    return Case(name, changes, minutes, frozenset(f"Bellwether{alert}" for alert in alerts), on_top)


CASES = (
    case("healthy", {}, 300),
    case("no worker lives, and work waits", still("bellwether_workers_live", 0, 'lane="cpu"'), 5, "NoWorkers"),
    case(
        "no worker lives, and nothing waits",
        merged(still("bellwether_workers_live", 0, 'lane="cpu"'), still("bellwether_job_backlog_items", 0)),
        5,
    ),
    case("schedules are due, and nobody looks", still("bellwether_schedules_behind", 2), 5, "SchedulesNotDispatched"),
    case("no instance answers", still("up", 0), 5, "Down", "InstanceDown", on_top=False),
    case("no target is scraped", {named("up").replace("bellwether", "other"): "1+0x600"}, 5, "Down", on_top=False),
    case("one of two is down", {named("up"): "0+0x600"}, 5, "InstanceDown"),
    case("down for a minute", {named("up"): "1+0x5 0 1+0x600"}, 7),
    case(
        "a deploy stops half-way",
        {named("bellwether_build_info", 'version="2", engine_version="1"', INSTANCES[1]): "1+0x600"},
        45,
        "SeveralVersions",
    ),
    case("a deploy in progress", NEW_ON_ONE, 20),
    case("a tenth of the requests fails", requests(READ, 500, 70), 10, "BudgetBurnsFast", "InternalErrors"),
    case("a tenth fails, no series of refusals", merged(requests(READ, 500, 70), NEVER_REFUSED), 10, "BudgetBurnsFast", "InternalErrors"),
    case("4 % are refused for hours", requests(READ, 503, 28), 120, "BudgetBurnsFast", "BudgetBurnsSlowly"),
    case("2 % are refused for hours", requests(READ, 503, 14), 120, "BudgetBurnsSlowly"),
    case("0.2 % are refused", requests(READ, 503, 1), 300),
    case("few requests, one fails", RARE, 24),
    case("one route fails", requests(REPORT, 500, 1), 10, "InternalErrors"),
    case("a tenth is refused", requests(READ, 503, 70), 10, "BudgetBurnsFast", "Unavailable"),
    case("probes and streams are refused", merged(requests(READY, 503, 600), requests(EVENTS, 503, 600)), 60),
    case("slow responses", latency(600, 60), 20, "Slow"),
    case("no requests", {name: "900+0x600" for name in HEALTHY if "http_req" in name and "health" not in name}, 45, "NoTraffic"),
    case("the database is unreachable", merged(GONE_WITH_THE_DATABASE, still("bellwether_database_up", 0)), 5, "DatabaseDown"),
    case("a breaker stays open", still("bellwether_breaker_open", 2, 'name="database"'), 5, "BreakerOpen"),
    case("a breaker opens again and again", rising("bellwether_breaker_opened_total", 0.2, 'name="database"'), 40, "BreakerFlaps"),
    case("the pool is nearly full", still("bellwether_db_pool_connections", 22, 'state="in_use"'), 10, "PoolNearlyFull"),
    case("the pool is exhausted", rising("bellwether_db_pool_events_total", 1, 'event="timeouts"'), 10, "PoolTimeouts"),
    case("the schema is broken", still("bellwether_schema_servable", 0), 5, "SchemaUnservable"),
    case("migrations are pending", still("bellwether_schema_pending", 2), 20, "SchemaBehind"),
    case(
        "no workers",
        merged(NO_ITEMS, everywhere("bellwether_job_backlog_age_seconds", "", "0+60x600")),
        15,
        "BacklogUnclaimed",
        "JobsStall",
    ),
    case("workers hang", NO_ITEMS, 15, "JobsStall"),
    case("no workers, switched off", merged(UNCLAIMED, off("bulk_jobs")), 60),
    case("workers are lost repeatedly", rising("bellwether_job_rescues_total", 0.5), 40, "WorkersLost"),
    case("a worker is lost once", rising("bellwether_job_rescues_total", 0.06), 40),
    case("an eighth of the items fail", rising("bellwether_job_items_total", 14, 'outcome="failed"'), 60),
    case("a third of the items fail", rising("bellwether_job_items_total", 50, 'outcome="failed"'), 40, "ItemsFail"),
    case("Redis is unreachable", still("bellwether_rate_limit_in_memory", 2), 10, "LimitsPerProcess"),
    case("keys are guessed", rising("bellwether_rate_limited_total", 10, 'budget="refused_keys"'), 15, "KeysGuessed"),
    case("removed files stay for an hour", still("bellwether_stored_files_unfinished", 3, 'state="removed"'), 60),
    case("removed files stay for hours", still("bellwether_stored_files_unfinished", 3, 'state="removed"'), 180, "StorageAway"),
    case("a writer of a file was killed", still("bellwether_stored_files_unfinished", 1, 'state="writing"'), 300),
    case("a feature is off for an hour", merged(off("analyses"), requests(ANALYZE, 200, 0), requests(ANALYZE, 503, 60)), 60),
    case("a feature is off for five hours", merged(off("analyses"), requests(ANALYZE, 503, 60)), 300, "FeatureOff"),
)
