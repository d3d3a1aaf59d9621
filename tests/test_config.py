"""Settings: read from the environment; a refusal names every fault."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import database
from config import ConfigError, Settings
from infrastructure.storage.opening import place_of_files
from models.storage_place import Bucket, Folder

GOOD_SECRET = "kQ7vN2xW9zR4tY6uP1sD8fG3hJ5kL0mB"
GOOD_PRODUCTION = {
    "ENVIRONMENT": "production",
    "MASTER_API_KEY": GOOD_SECRET,
    "SECRET_KEY": GOOD_SECRET[::-1],
    "DATABASE_URL": "postgresql://somebody:secret@db.internal:5432/bellwether",
}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)  # no .env file
    return monkeypatch


def load(environ: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    for name, value in variables.items():
        environ.setenv(name, value)
    return Settings.load()


def faults(environ: pytest.MonkeyPatch, variables: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(environ, variables)
    return {fault.variable: str(fault) for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, "development", id="nothing set"),
        pytest.param({"ENVIRONMENT": "test"}, "test", id="as set"),
        pytest.param({"ENVIRONMENT": " Development "}, "development", id="any case and blanks"),
        pytest.param({"FLASK_ENV": "testing"}, "test", id="FLASK_ENV is an alias"),
        pytest.param({"ENVIRONMENT": "test", "FLASK_ENV": "development"}, "test", id="ENVIRONMENT before FLASK_ENV"),
        pytest.param({"RAILWAY_ENVIRONMENT": "staging", "FLASK_ENV": "development"}, "development", id="set before the platform's"),
        pytest.param({**GOOD_PRODUCTION, "ENVIRONMENT": "", "RAILWAY_ENVIRONMENT": "staging"}, "production", id="a platform is production"),
    ],
)
def test_environment(environ: pytest.MonkeyPatch, variables: dict[str, str], expected: str) -> None:
    assert load(environ, variables).environment == expected


def test_good_production_settings_load(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, {**GOOD_PRODUCTION, "CORS_ORIGINS": "https://a.example, https://b.example/"})
    assert settings.is_production
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.log_as_json
    assert not settings.loads_sample


@pytest.mark.parametrize(
    ("change", "variable", "words"),
    [
        pytest.param({"MASTER_API_KEY": ""}, "MASTER_API_KEY", "missing", id="no master key"),
        pytest.param({"SECRET_KEY": ""}, "SECRET_KEY", "missing", id="no secret"),
        pytest.param({"SECRET_KEY": "x" * 31}, "SECRET_KEY", "31 characters", id="a short secret"),
        pytest.param(
            {"MASTER_API_KEY": "change-me-change-me-change-me-change-me"}, "MASTER_API_KEY", "known placeholder", id="a placeholder"
        ),
        pytest.param({"SECRET_KEY": "dev-secret-key-change-in-production!!"}, "SECRET_KEY", "known placeholder", id="a tutorial's secret"),
        pytest.param({"CORS_ORIGINS": "https://a.example,*"}, "CORS_ORIGINS", "every website", id="any origin"),
        pytest.param({"DATABASE_URL": ""}, "DATABASE_URL", "SQLite", id="SQLite by default"),
        pytest.param({"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL", "ALLOW_SQLITE_IN_PRODUCTION", id="SQLite"),
        pytest.param({"DEBUG": "1"}, "DEBUG", "for development", id="DEBUG"),
        pytest.param({"FLASK_DEBUG": "true"}, "DEBUG", "for development", id="FLASK_DEBUG"),
    ],
)
def test_production_refuses(environ: pytest.MonkeyPatch, change: dict[str, str], variable: str, words: str) -> None:
    reported = faults(environ, {**GOOD_PRODUCTION, **change})
    assert list(reported) == [variable]
    assert words in reported[variable]


def test_every_fault_is_named_at_once_and_no_secret_is_shown(environ: pytest.MonkeyPatch) -> None:
    reported = faults(
        environ,
        {
            "ENVIRONMENT": "production",
            "MASTER_API_KEY": "tooshort-hunter2",
            "CORS_ORIGINS": "*",
            "DEBUG": "yes",
            "PORT": "eighty",
            "DB_POOL_SIZE": "0",
            "LOG_LEVEL": "loud",
        },
    )
    assert set(reported) == {"MASTER_API_KEY", "SECRET_KEY", "CORS_ORIGINS", "DEBUG", "PORT", "DB_POOL_SIZE", "LOG_LEVEL", "DATABASE_URL"}
    assert "hunter2" not in str(reported)


def test_an_env_file_is_for_development(environ: pytest.MonkeyPatch) -> None:
    environ.setitem(Settings.model_config, "env_file", ".env")
    Path(".env").write_text("PORT=9123\nSECRET_KEY=from-a-file-0123456789-0123456789-0123\n")
    assert load(environ, {}).port == 9123
    assert load(environ, {"PORT": "9124"}).port == 9124
    assert set(faults(environ, {**GOOD_PRODUCTION, "SECRET_KEY": ""})) == {"SECRET_KEY"}


def test_sqlite_in_production_when_allowed(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, {**GOOD_PRODUCTION, "DATABASE_URL": "sqlite:////data/b.db", "ALLOW_SQLITE_IN_PRODUCTION": "true"})
    assert settings.uses_sqlite


WRONG = [
    ("RATE_LIMIT_ENABLED", "perhaps"),
    ("RATE_LIMIT_PER_MINUTE", "0"),
    ("RATE_LIMIT_PER_MINUTE", "1.5"),
    ("RATE_LIMIT_PER_HOUR", "-1"),
    ("RATE_LIMIT_ANALYSES_PER_MINUTE", "0"),
    ("RATE_LIMIT_BULK_PER_MINUTE", "none"),
    ("RATE_LIMIT_UPLOADS_PER_MINUTE", "0"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "11"),
    ("TRUSTED_PROXIES", "true"),
    ("CACHE_ENABLED", "2"),
    ("CACHE_MAX_BYTES", "9999"),
    ("CACHE_MAX_BYTES", "16 MB"),
    ("CACHE_SECONDS", "0"),
    ("CACHE_SECONDS", "86401"),
    ("COMPRESS_RESPONSES", "gzip"),
    ("BREAKER_FAILURES", "-1"),
    ("BREAKER_FAILURES", "101"),
    ("BREAKER_SECONDS", "0"),
    ("BREAKER_SECONDS", "nan"),
    ("BREAKER_SECONDS", "inf"),
    ("BREAKER_SECONDS", "301"),
    ("METRICS_ENABLED", "maybe"),
    ("METRICS_TOKEN", "hunter2"),
    ("METRICS_TOKEN", "hunter2-hunter2"),
    ("SENTRY_DSN", "hunter2"),
    ("SENTRY_DSN", "https://sentry.example/1"),
    ("SENTRY_DSN", "https://hunter2@sentry.example/"),
    ("SENTRY_DSN", "https://hunter2@sentry.example/project"),
    ("SENTRY_DSN", "ftp://hunter2@sentry.example/1"),
    ("BACKLOG_MINUTES", "0"),
    ("BACKLOG_MINUTES", "1441"),
    ("SKIP_STARTUP_REFRESH", "soon"),
]


@pytest.mark.parametrize(("variable", "value"), WRONG, ids=[f"{variable}={value}" for variable, value in WRONG])
@pytest.mark.parametrize("base", [pytest.param({}, id="development"), pytest.param(GOOD_PRODUCTION, id="production")])
def test_wrong_values_are_refused_with_a_remedy(environ: pytest.MonkeyPatch, base: dict[str, str], variable: str, value: str) -> None:
    reported = faults(environ, {**base, variable: value})
    assert list(reported) == [variable]
    problem, _, remedy = reported[variable].removeprefix(f"{variable}: ").partition(". ")
    assert problem
    assert remedy.startswith(("It means: ", "Make one with ", "Copy it "))
    assert "hunter2" not in reported[variable]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("NETWORK_THREADS", "many", "it must be a whole number from 1 to 64."),
        ("NETWORK_THREADS", "0", "it must be a whole number from 1 to 64."),
        ("NETWORK_THREADS", "1.5", "it must be a whole number from 1 to 64."),
        ("RESULTS_KEPT", "0", "it must be a whole number, 1 or more."),
        ("REDIS_TIMEOUT", "nan", "it must be a number above 0 and up to 10."),
        ("DEBUG", "maybe", "it must be true or false."),
        ("JOB_ENGINE", "cron", "it must be one of local, celery."),
        ("CORS_ORIGINS", "foo,http://x/", "'foo' is no origin. Write each as scheme://host or scheme://host:port"),
        ("CORS_ORIGINS", "https://a.example/path", "'https://a.example/path' is no origin."),
        ("CORS_ORIGINS", "https://*.a.example", "'https://*.a.example' is no origin."),
    ],
)
def test_a_refusal_says_what_is_allowed(environ: pytest.MonkeyPatch, variable: str, value: str, words: str) -> None:
    assert faults(environ, {variable: value})[variable].startswith(f"{variable}: {words}")


@pytest.mark.parametrize("origins", ["*", "http://localhost:3000", "https://a.example,capacitor://localhost", "https://a.example:8443/"])
def test_origins(environ: pytest.MonkeyPatch, origins: str) -> None:
    assert ",".join(load(environ, {"CORS_ORIGINS": origins}).cors_origins) == origins.rstrip("/")


@pytest.mark.parametrize(
    ("variables", "field", "expected"),
    [
        pytest.param({}, "proxies", 0, id="no proxy is believed"),
        pytest.param({"RAILWAY_ENVIRONMENT": "x", "ENVIRONMENT": "test"}, "proxies", 1, id="a platform has one"),
        pytest.param({"RAILWAY_ENVIRONMENT": "x", "ENVIRONMENT": "test", "TRUSTED_PROXIES": "0"}, "proxies", 0, id="unless said otherwise"),
        pytest.param({"TRUSTED_PROXIES": "10"}, "proxies", 10, id="as many as said"),
        pytest.param({}, "loads_sample", True, id="development loads the sample"),
        pytest.param({"SKIP_STARTUP_REFRESH": "true"}, "loads_sample", False, id="which is skipped"),
        pytest.param({"SKIP_STARTUP_REFRESH": "true", "LOAD_SAMPLE": "true"}, "loads_sample", False, id="also where it is wanted"),
        pytest.param({"BREAKER_FAILURES": "0"}, "breaker_failures", 0, id="no breaker"),
        pytest.param({}, "dsn", None, id="no reports"),
        pytest.param({"SENTRY_DSN": ""}, "dsn", None, id="no reports when empty"),
        pytest.param({"SENTRY_DSN": "https://k@o1.example/sub/12"}, "dsn", "https://k@o1.example/sub/12", id="a DSN under a path"),
        pytest.param({"METRICS_TOKEN": ""}, "metrics_token", None, id="an empty token is none"),
    ],
)
def test_what_protection_settings_mean(environ: pytest.MonkeyPatch, variables: dict[str, str], field: str, expected: object) -> None:
    assert getattr(load(environ, variables), field) == expected


def test_tokens_and_dsns_are_never_shown(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, {"METRICS_TOKEN": GOOD_SECRET, "SENTRY_DSN": f"https://{GOOD_SECRET}@sentry.example/1"})
    assert GOOD_SECRET not in repr(settings)


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "nonsense", "sqlite://", "sqlite:///:memory:", "sqlite://x.db", "redis://h/0", "postgresql://u:p@h:port/d"]
)
def test_unusable_databases_are_refused_everywhere(environ: pytest.MonkeyPatch, url: str) -> None:
    assert "postgresql://" in faults(environ, {"DATABASE_URL": url})["DATABASE_URL"]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///x.db",
        "sqlite:////data/x.db?timeout=3",
        "postgres://h/d",
        "postgresql://u:p%40ss@h:5432/d?sslmode=require",
        "postgresql+psycopg2://u@[::1]:5432/d",
        "postgresql:///d?host=/run/postgresql",
        "postgresql://postgres:@/postgres?host=/tmp/x",
    ],
)
def test_whatever_url_is_accepted_can_be_read(environ: pytest.MonkeyPatch, url: str) -> None:
    assert database.normalize_url(load(environ, {"DATABASE_URL": url}).sqlalchemy_url).get_backend_name() in ("sqlite", "postgresql")


def test_a_password_is_never_shown(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, GOOD_PRODUCTION)
    assert "secret@" not in repr(settings)
    assert GOOD_SECRET not in repr(settings)
    assert "hunter2" not in str(faults(environ, {"DATABASE_URL": "mysql://root:hunter2@h/d"}))


def test_development_makes_a_key_once_for_its_owner_alone(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, {"DATA_DIR": "kept"})
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: settings.resolve_master_key(), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 32
    assert stat.S_IMODE(settings.master_key_file.stat().st_mode) == 0o600
    assert [path.name for path in Path("kept").iterdir()] == ["master_api_key"]


def test_a_key_that_is_set_is_not_written_down(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, {"MASTER_API_KEY": GOOD_SECRET})
    assert settings.resolve_master_key() == GOOD_SECRET
    assert not settings.master_key_file.exists()


TIINGO_IS_SET = {"PRICE_PROVIDERS": "tiingo", "TIINGO_API_KEY": "a-key-of-tiingo"}


def test_providers_are_asked_in_the_order_given(environ: pytest.MonkeyPatch) -> None:
    variables = {**TIINGO_IS_SET, "PRICE_PROVIDERS": "csv_url, tiingo", "CSV_URL_TEMPLATE": "http://files.internal/{ticker}.csv"}
    assert load(environ, variables).price_providers == ("csv_url", "tiingo")


@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        pytest.param({"PRICE_PROVIDERS": "yahu"}, "PRICE_PROVIDERS", "'yahu' is no provider", id="no provider"),
        pytest.param({"PRICE_PROVIDERS": "tiingo"}, "TIINGO_API_KEY", "which needs it", id="no key"),
        pytest.param({"PRICE_PROVIDERS": "yahoo"}, "PRICE_PROVIDERS", "pip install -r requirements-yahoo.txt", id="no yfinance"),
        pytest.param({"YAHOO_URL": "yahoo"}, "YAHOO_URL", "https://", id="an address of Yahoo without scheme"),
        pytest.param({"YAHOO_CALLS": "few"}, "YAHOO_CALLS", "8/minute 800/day", id="calls to Yahoo in words"),
        pytest.param({**TIINGO_IS_SET, "TIINGO_API_KEY": "a b"}, "TIINGO_API_KEY", "a space", id="a key with a space"),
        pytest.param({**TIINGO_IS_SET, "TIINGO_API_KEY": "YOUR_API_KEY"}, "TIINGO_API_KEY", "placeholder", id="a placeholder"),
        pytest.param({"PRICE_PROVIDERS": "csv_url"}, "CSV_URL_TEMPLATE", "which needs it", id="no template"),
        pytest.param({"CSV_URL_TEMPLATE": "https://x.example/prices.csv"}, "CSV_URL_TEMPLATE", "{ticker}", id="a template without ticker"),
        pytest.param({"CSV_URL_TEMPLATE": "/data/{ticker}.csv"}, "CSV_URL_TEMPLATE", "address", id="a path"),
        pytest.param({**TIINGO_IS_SET, "PRICE_PROVIDERS": "tiingo,tiingo"}, "PRICE_PROVIDERS", "twice", id="a provider twice"),
        pytest.param({"TIINGO_URL": "api.tiingo.com"}, "TIINGO_URL", "https://", id="an address without scheme"),
        pytest.param({"TIINGO_CALLS": "many"}, "TIINGO_CALLS", "8/minute 800/day", id="calls in words"),
        pytest.param({"TWELVEDATA_CALLS": "0/minute"}, "TWELVEDATA_CALLS", "8/minute 800/day", id="no calls"),
        pytest.param({"TWELVEDATA_CALLS": "8/minute 9/minute"}, "TWELVEDATA_CALLS", "8/minute 800/day", id="a window twice"),
    ],
)
def test_a_provider_that_cannot_be_asked_is_told_at_start(
    environ: pytest.MonkeyPatch, variables: dict[str, str], variable: str, words: str
) -> None:
    found = faults(environ, variables)
    assert list(found) == [variable]
    assert words in found[variable]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/srv/files", "does not begin with file:// or s3://"),
        ("ftp://host/files", "'ftp' is not a kind of storage"),
        ("file://srv/files", "three slashes"),
        ("file:///", "no absolute path"),
        ("file:///srv/../etc", "no absolute path"),
        ("s3://", "no bucket"),
        ("s3://Bucket", "no bucket"),
        ("s3://name:a-secret@bucket", "AWS_SECRET_ACCESS_KEY"),
        ("s3://bucket/a/../b", "prefix"),
        ("s3://bucket?endpoint=minio:9000", "endpoint"),
        ("s3://bucket?region=a b", "region"),
        ("s3://bucket?secret=a-secret", "endpoint and region alone"),
        ("s3://bucket?region=a&region=b", "endpoint and region alone"),
    ],
)
def test_a_storage_that_is_none_is_told_at_start(environ: pytest.MonkeyPatch, url: str, words: str) -> None:
    found = faults(environ, {"STORAGE_URL": url})
    assert list(found) == ["STORAGE_URL"]
    assert words in found["STORAGE_URL"]
    assert "a-secret" not in str(found)


def test_where_files_are_kept(environ: pytest.MonkeyPatch) -> None:
    assert place_of_files(load(environ, {"DATA_DIR": "/srv"})) == Folder(Path("/srv/storage"))
    assert place_of_files(load(environ, {"STORAGE_URL": "file:///srv/my%20files"})) == Folder(Path("/srv/my files"))
    bucket = load(environ, {"STORAGE_URL": "s3://bucket/a/b/?endpoint=https://minio.example.com:9000&region=eu-central-1"})
    assert place_of_files(bucket) == Bucket("bucket", "a/b/", "https://minio.example.com:9000", "eu-central-1")
    assert place_of_files(load(environ, {"STORAGE_URL": "s3://bucket"})) == Bucket("bucket", "", None, None)


MAIL_IS_SET = {"SMTP_HOST": "mail.example.com", "SMTP_FROM": "bellwether@example.com"}


@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        pytest.param({"PUBLIC_URL": "bellwether.example.com"}, "PUBLIC_URL", "https://", id="an address without scheme"),
        pytest.param({"PUBLIC_URL": "https://a.example/?x=1"}, "PUBLIC_URL", "https://", id="an address with a query"),
        pytest.param({"WEBHOOK_ALLOWED_NETWORKS": "lan"}, "WEBHOOK_ALLOWED_NETWORKS", "192.168.1.0/24", id="a network in words"),
        pytest.param({"WEBHOOK_ALLOWED_NETWORKS": "10.0.0.1/8"}, "WEBHOOK_ALLOWED_NETWORKS", "host bits", id="an address within"),
        pytest.param({"SMTP_HOST": "mail.example.com"}, "SMTP_FROM", "need a sender", id="no sender"),
        pytest.param({**MAIL_IS_SET, "SMTP_FROM": "Bell <b@example.com>"}, "SMTP_FROM", "address alone", id="a sender with a name"),
        pytest.param({**MAIL_IS_SET, "SMTP_USER": "me"}, "SMTP_PASSWORD", "belong together", id="no password"),
        pytest.param({**MAIL_IS_SET, "SMTP_PASSWORD": "secret-word"}, "SMTP_USER", "belong together", id="no name"),
        pytest.param(
            {**MAIL_IS_SET, "SMTP_USER": "me", "SMTP_PASSWORD": "secret-word", "SMTP_SECURITY": "none"},
            *("SMTP_SECURITY", "unencrypted"),
            id="a password without encryption",
        ),
        pytest.param({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY", "starttls", id="another word"),
    ],
)
def test_messages_that_cannot_be_delivered_are_told_at_start(
    environ: pytest.MonkeyPatch, variables: dict[str, str], variable: str, words: str
) -> None:
    found = faults(environ, variables)
    assert list(found) == [variable]
    assert words in found[variable]


def test_networks_and_a_mail_server_are_read(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, {**MAIL_IS_SET, "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8, fd00::/8", "SMTP_SECURITY": "TLS"})
    assert settings.webhook_allowed_networks == ("127.0.0.0/8", "fd00::/8")
    assert (settings.smtp_port, settings.smtp_security) == (587, "tls")
