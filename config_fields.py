"""The settings as variables: each is declared once, with its type, default and description. config.py reads them and decides by them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, WithJsonSchema, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models import setting_text
from models.audit import LEAST_KEPT_DAYS

Environment = Literal["development", "test", "production"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "console"]
JobEngine = Literal["local", "celery"]
SmtpSecurity = Literal["starttls", "tls", "none"]
Url = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]

PLATFORM_VARIABLES = (
    "RENDER", "DYNO", "FLY_APP_NAME", "K_SERVICE", "GAE_SERVICE", "WEBSITE_SITE_NAME", "KOYEB_APP_NAME", "ECS_CONTAINER_METADATA_URI_V4",
    "KUBERNETES_SERVICE_HOST",
)  # fmt: skip


def _split_commas(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
    return value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def environment_name(value: Any) -> Any:
    """An environment by its name or a short form of it."""
    aliases = {"dev": "development", "testing": "test", "prod": "production"}
    value = _lower(value)
    return aliases.get(value, value) if isinstance(value, str) else value


class SettingFields(BaseSettings):
    """The variables, in the order of docs/settings.md."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    environment_given: Annotated[Environment | None, BeforeValidator(environment_name)] = Field(
        None,
        validation_alias=AliasChoices("ENVIRONMENT", "FLASK_ENV"),
        description="Where the service runs. Unset: production on a platform that sets one of the variables below, else development.",
    )
    railway_environment: str | None = Field(None, description="Railway sets it. It means production when `ENVIRONMENT` is not set.")
    platform: str | None = Field(
        None,
        validation_alias=AliasChoices(*PLATFORM_VARIABLES),
        description="Render, Heroku, Fly, Cloud Run, App Engine, Azure, Koyeb, ECS and Kubernetes set one of these. It means production.",
    )
    debug: bool = Field(
        False,
        validation_alias=AliasChoices("DEBUG", "FLASK_DEBUG"),
        description="The development server restarts when a file changes. Production refuses true.",
    )

    host: str = Field("127.0.0.1", description="Address that the development server listens on. gunicorn always listens on 0.0.0.0.")
    port: int = Field(8000, ge=1, le=65535, description="Port that the service listens on.")
    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        Path("var"), description="Folder for every file that the service writes."
    )
    pipelines_dir: Annotated[Path, AfterValidator(Path.expanduser)] | None = Field(
        None, description="Folder with pipelines of yours (`ID.json`), beside the bundled ones. A change is picked up within two seconds."
    )
    master_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("MASTER_API_KEY", "ADMIN_TOKEN"),
        description="API key with every right. Production requires 32 characters; development makes one in `DATA_DIR`.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs cursors, on every instance the same. Production requires 32 characters; development makes one in `DATA_DIR`.",
    )
    registration_enabled: bool = Field(
        False, description="Anybody who reaches the service may make an account, with an organization of their own."
    )
    session_days: int = Field(30, ge=1, le=365, description="Days after which somebody must sign in again, whatever they do meanwhile.")
    session_idle_days: int = Field(7, ge=1, le=365, description="Days without use after which a sign-in ends.")
    access_token_minutes: int = Field(
        15, ge=1, le=1440, description="Minutes that an access token is valid; programs get the next one by their refresh token."
    )
    google_client_id: str | None = Field(None, description="Client of Google, for signing in through it. Needs `PUBLIC_URL`.")
    google_client_secret: SecretStr | None = Field(None, description="Its secret.")
    oidc_issuer: Url | None = Field(None, description="OpenID provider to sign in through, as it calls itself. Needs `PUBLIC_URL`.")
    oidc_client_id: str | None = Field(None, description="Client of that provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret.")
    oidc_name: str = Field("OpenID", min_length=1, max_length=40, description="What the provider is called on the sign-in page.")
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)] = Field(
        (), description="Origins whose pages may call the API from a browser. Production refuses `*`."
    )

    storage_url: Url | None = Field(
        None, description="Where files are kept: `file:///folder`, or `s3://bucket/prefix?endpoint=…&region=…`. Unset: `DATA_DIR/storage`."
    )
    reports_kept_days: int = Field(30, ge=1, le=3650, description="Days that reports made by POST /reports are kept.")
    originals_kept_days: int = Field(365, ge=0, description="Days that uploaded price files are kept as they were sent. 0: they are not.")

    database_url: Url | None = Field(
        None,
        repr=False,
        description="`sqlite:///path`, or `postgresql://…`, which production requires. Unset: an SQLite file in `DATA_DIR`.",
    )
    allow_sqlite_in_production: bool = Field(False, description="Production may use SQLite. Without a volume, a redeploy loses the file.")
    auto_migrate: bool = Field(True, description="Each worker migrates the schema at start. When false, it refuses to start behind it.")
    load_sample: bool | None = Field(
        None, description="Load the bundled prices into an empty database at start. Unset: in development only."
    )
    skip_startup_refresh: bool = Field(False, description="Skip the start-up steps that serving does not need: loading the sample.")
    db_pool_size: int = Field(8, ge=1, le=500, description="Connections that each process keeps open.")
    db_max_overflow: int = Field(4, ge=0, le=500, description="Connections that each process may open beyond the pool in a burst.")
    db_pool_timeout: float = Field(5.0, gt=0, le=120, description="Seconds that a request waits for a connection before it gets 503.")
    db_pool_recycle: int = Field(1800, ge=1, description="Seconds after which a connection is replaced.")
    db_ping_after_idle: float = Field(30.0, ge=0, description="Seconds of idleness after which a connection is tested before use.")
    db_connect_attempts: int = Field(30, ge=1, le=1000, description="Attempts to reach the database at start, with growing pauses.")
    db_connect_timeout: int = Field(5, ge=1, le=120, description="Seconds for one attempt to connect.")
    db_use_seconds: float = Field(
        30.0,
        ge=0,
        le=3600,
        description="Seconds that a request may use a Postgres connection before it is cut, in case the server hangs. 0: no limit.",
    )
    db_lock_timeout: float = Field(5.0, gt=0, le=120, description="Seconds that SQLite waits for another writer.")
    migration_lock_timeout: float = Field(300.0, gt=0, description="Seconds to wait for another process that migrates.")

    job_engine: Annotated[JobEngine, BeforeValidator(_lower)] = Field(
        "local", description="What runs jobs: local worker processes on this machine, or Celery workers on any number of machines."
    )
    local_workers: int | None = Field(
        None, ge=0, le=64, description="Worker processes beside the web server. Unset: one for each processor core. 0: none."
    )
    network_threads: int = Field(8, ge=1, le=64, description="Threads of the local worker that runs jobs which wait for a network.")
    job_lease_seconds: float = Field(
        15.0, ge=1, le=600, description="Seconds without a heartbeat after which other workers take over a worker's items."
    )
    celery_broker_url: Url | None = Field(None, repr=False, description="`redis://…` that the Celery engine uses. Unset: `REDIS_URL`.")
    max_streams: int = Field(
        3, ge=0, le=256, description="Live progress streams per web process, always fewer than `WEB_THREADS`. Beyond it clients poll."
    )
    results_kept: int = Field(50, ge=1, description="Results kept of each ticker, the newest first; as many of its evidence and backtests.")
    jobs_kept_days: int = Field(30, ge=1, description="Days that finished jobs are kept.")
    audit_kept_days: int = Field(
        400, ge=LEAST_KEPT_DAYS, description=f"Days that the audit log keeps its entries; {LEAST_KEPT_DAYS} at least."
    )
    firings_kept_days: int = Field(400, ge=1, description="Days that the due times of schedules are kept in their ledger.")
    backlog_minutes: float = Field(
        10.0, gt=0, le=1440, description="Minutes that items may wait unclaimed before a server that keeps workers is not ready."
    )

    redis_url: Url | None = Field(
        None,
        repr=False,
        description="`redis://…`, a database of its own. Processes share rate limits and cached results; workers and streams wake at once.",
    )
    redis_timeout: float = Field(0.15, gt=0, le=10, description="Seconds that a request waits for Redis before it goes on without.")
    redis_retry_seconds: float = Field(5.0, gt=0, le=300, description="Seconds after a failure in which requests do not ask Redis again.")

    price_providers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)] = Field(
        (),
        description="Providers of prices in the order to try: `tiingo`, `twelvedata`, `yahoo`, `csv_url`. Unset: uploads only.",
    )
    tiingo_api_key: SecretStr | None = Field(None, description="Key of api.tiingo.com.")
    tiingo_url: Url = Field("https://api.tiingo.com", description="Address of Tiingo.")
    tiingo_calls: str = Field("50/hour 1000/day", description="Calls that the plan at Tiingo allows in a minute, hour, day or month.")
    twelvedata_api_key: SecretStr | None = Field(None, description="Key of api.twelvedata.com.")
    twelvedata_url: Url = Field("https://api.twelvedata.com", description="Address of Twelve Data.")
    twelvedata_calls: str = Field("8/minute 800/day", description="Credits that the plan at Twelve Data allows.")
    yahoo_url: Url | None = Field(None, description="Address that is asked in place of Yahoo's hosts. Unset: Yahoo's.")
    yahoo_calls: str = Field("60/minute 2000/hour", description="Calls to Yahoo, which names no limit: 2 for each ticker.")
    csv_url_template: Url | None = Field(
        None,
        repr=False,
        description="Address of price files, with `{ticker}` in it, and with `{since}` (a day, YYYY-MM-DD) where the server takes one.",
    )
    csv_url_calls: str | None = Field(None, description="Calls that the server of these files allows. Unset: no limit.")
    fetch_on_demand_seconds: float = Field(
        8.0, gt=0, le=60, description="Seconds that an analysis of a ticker without prices waits for a provider."
    )

    public_url: Url | None = Field(
        None, description="Address under which people reach the service, for the links in messages. Unset: messages have no links."
    )
    webhook_allowed_networks: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)] = Field(
        (),
        description="Networks as CIDR, comma-separated, whose addresses channels and feeds may ask although they are not public.",
    )
    smtp_host: str | None = Field(None, description="Mail server for channels of the type `email`. Unset: there are none.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server; 465 is usual with `SMTP_SECURITY=tls`.")
    smtp_security: Annotated[SmtpSecurity, BeforeValidator(_lower)] = Field(
        "starttls",
        description="How the mail server is reached: STARTTLS, without which nothing is sent; TLS from the start; or unencrypted.",
    )
    smtp_user: str | None = Field(None, description="Name to sign in at the mail server. Unset: without.")
    smtp_password: SecretStr | None = Field(None, description="Password for it.")
    smtp_from: str | None = Field(None, description="Sender of the e-mails, as in `bellwether@example.com`.")

    feed_minutes: int = Field(30, ge=5, le=1440, description="Minutes between two readings of a feed of news that answers.")
    news_kept_days: int = Field(90, ge=1, le=3650, description="Days that news is kept; of each feed the newest 500 items.")
    news_sentiment: bool = Field(
        False, description="Count the words of `data/sentiment_words.txt` in titles of news, and show which they are."
    )

    fred_url: Url | None = Field(
        None,
        description="Address that answers `?id=SERIES` with CSV, as FRED's `fredgraph.csv` does. Unset: uploads only.",
    )
    fred_series: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)] = Field(
        (),
        description="Series to fetch from there once a day, comma-separated. Unset: those of the regime and of the cycle, T10Y3M, UNRATE, "
        "SP500, INDPRO and CPIAUCSL.",
    )

    fx_rates_url: Url | None = Field(
        None,
        description="Address of a file of exchange rates as the ECB has them, "
        "`https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip` for all since 1999. Unset: uploads only.",
    )

    max_json_bytes: int = Field(1_000_000, ge=1_000, description="Largest JSON body, in bytes.")
    max_upload_bytes: int = Field(5_000_000, ge=1_000, description="Largest price file, in bytes.")
    max_import_bytes: int = Field(20_000_000, ge=1_000, description="Largest upload of many tickers, in bytes.")
    rate_limit_enabled: bool = Field(True, description="Refuse requests beyond the budgets below with 429.")
    rate_limit_per_minute: int = Field(
        1_200, ge=1, description="Requests a minute of one key, or of one address without a valid key, besides those below."
    )
    rate_limit_per_hour: int = Field(36_000, ge=1, description="Requests an hour of one key, or of one address without a valid key.")
    rate_limit_analyses_per_minute: int = Field(300, ge=1, description="Analyses a minute of one key.")
    rate_limit_bulk_per_minute: int = Field(30, ge=1, description="Bulk jobs (new, retried or cancelled) a minute of one key.")
    rate_limit_uploads_per_minute: int = Field(60, ge=1, description="Price files a minute of one key.")
    rate_limit_heavy_reads_per_minute: int = Field(240, ge=1, description="Reports, series, flips and exports a minute of one key.")
    rate_limit_tests_per_minute: int = Field(12, ge=1, description="Tests of integrations a minute of one key.")
    organization_budget_factor: int = Field(
        10, ge=1, le=10_000, description="The budgets of a whole organization, as a multiple of those of one person or key above."
    )
    organization_members: int | None = Field(None, ge=1, description="The most members of an organization. Unset: any number.")
    organization_stored_bytes: int | None = Field(
        None, ge=0, description="The most bytes of originals and kept reports of an organization. Unset: any number."
    )
    organization_open_jobs: int | None = Field(
        None, ge=0, description="The most jobs of an organization that are queued or running. Unset: any number."
    )
    heavy_requests_at_once: int = Field(
        3, ge=1, le=64, description="Heavy reads and large price files at once per web process, fewer than `WEB_THREADS`. Beyond it 503."
    )
    trusted_proxies: int | None = Field(
        None, ge=0, le=10, description="Proxies in front whose `X-Forwarded-For` is trusted. Unset: 1 on Railway, else 0."
    )
    breaker_failures: int = Field(
        5, ge=0, le=100, description="Failures in a row after which the circuit breaker of the database opens. 0: never."
    )
    breaker_seconds: float = Field(5.0, gt=0, le=300, description="Seconds that an open breaker waits before it lets one request try.")

    cache_enabled: bool = Field(True, description="Cache results and key look-ups.")
    cache_max_bytes: int = Field(4_000_000, ge=10_000, description="Largest size of one process's cache, in bytes.")
    cache_seconds: int = Field(300, ge=1, le=86_400, description="Seconds that a result stays cached, even when it is deleted meanwhile.")
    compress_responses: bool = Field(True, description="Compress answers for clients that accept it.")

    metrics_enabled: bool = Field(True, description="Count requests and serve `/metrics`.")
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for `/metrics` only, at least 16 characters. API keys work too."
    )
    sentry_dsn: SecretStr | None = Field(None, description="Sentry project that receives unexpected errors. Unset: none.")

    extra_features: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)] = Field(
        (), description="Python modules with a further `FEATURE` each, comma-separated, for features that are kept outside this tree."
    )

    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field("info", description="Lines below this level are not logged.")
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = Field("auto", description="auto: console in development, else json.")

    web_concurrency: int = Field(2, ge=1, le=64, description="gunicorn worker processes.")
    web_threads: int = Field(8, ge=1, le=256, description="Threads of each gunicorn worker.")
    web_timeout: int = Field(60, ge=1, description="Seconds without a heartbeat after which gunicorn replaces a worker.")
    web_graceful_timeout: int = Field(
        25, ge=1, description="Seconds that requests in flight may take at shutdown. Keep it below the platform's draining time."
    )
    web_head_seconds: int = Field(10, ge=1, le=300, description="Seconds that a client has to send a request line and its headers.")
    web_least_rate: int = Field(
        1_000, ge=1, description="Bytes a second, averaged over ten seconds, at which a client must send a body and read an answer."
    )
    web_keepalive: int = Field(5, ge=1, description="Seconds that an idle client connection stays open.")
    web_max_requests: int = Field(20_000, ge=0, description="Requests after which gunicorn replaces a worker. 0: never.")

    @model_validator(mode="before")
    @classmethod
    def _tidy(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take blanks and quotes off every text; what is empty then is unset."""
        tidied = {name: setting_text.tidy(value) if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in tidied.items() if value != ""}
