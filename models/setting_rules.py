"""The rules of settings that one variable alone cannot break, or that apply in production only."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from models import database_url, delivery_settings, openid_settings, setting_text, storage_place
from models.config_fault import Fault
from models.provider import PROVIDERS, calls_of_text

if TYPE_CHECKING:
    from config import Settings

MINIMUM_TOKEN_LENGTH = 16
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
BROKER_SCHEMES = (*REDIS_SCHEMES, "redis+socket://")  # Celery's scheme of a Unix socket
# As a browser sends it. flask_cors would read other characters as a regular expression.
_ORIGIN = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[a-zA-Z0-9._-]+(:\d{1,5})?")
_WEB_ADDRESS = re.compile(r"https?://[^/\s]\S*")
_TEMPLATE_REMEDY = "Set it to an address with {ticker} where the ticker stands in it."
GENERATE_COMMAND = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def faults_of(settings: Settings) -> list[Fault]:
    """The faults of settings whose values are of the right type each."""
    database_fault = database_url.fault_of(settings.sqlalchemy_url)
    faults = [database_fault] if database_fault else []
    faults += _origin_faults(settings) + _job_faults(settings) + _monitoring_faults(settings) + _provider_faults(settings)
    faults += delivery_settings.faults_of(settings) + openid_settings.faults_of(settings)
    faults += filter(None, [storage_place.fault_of(settings.storage_url)])
    return faults + (_production_faults(settings) if settings.is_production else [])


def _origin_faults(settings: Settings) -> list[Fault]:
    wrong = [origin for origin in settings.cors_origins if origin != "*" and not _ORIGIN.fullmatch(origin)]
    if not wrong:
        return []
    remedy = "Write each as scheme://host or scheme://host:port, without a path, as in https://app.example.com,http://localhost:3000."
    return [Fault("CORS_ORIGINS", f"{wrong[0][:40]!r} is no origin.", remedy)]


def _job_faults(settings: Settings) -> list[Fault]:
    faults = []
    urls = (("REDIS_URL", settings.redis_url, REDIS_SCHEMES), ("CELERY_BROKER_URL", settings.celery_broker_url, BROKER_SCHEMES))
    for variable, url, schemes in urls:
        if url and not url.startswith(schemes):
            scheme = url.partition("://")[0][:40]
            faults.append(Fault(variable, f"{scheme!r} is not a Redis scheme.", "Set it to redis://host:6379/0 or rediss://…."))
        elif url and not re.fullmatch(r"unix://.*|[a-z+]+://([^@/?#]*@)?[^@:/?#]*(:\d{1,5})?([/?].*)?", url):
            remedy = "Write @, :, / and # of a password as %40, %3A, %2F and %23."
            faults.append(Fault(variable, "it cannot be read as a URL.", remedy))
    if settings.job_engine == "celery" and not settings.broker_url:
        remedy = "Set it (or REDIS_URL) to redis://host:6379/0, or set JOB_ENGINE=local."
        faults.append(Fault("CELERY_BROKER_URL", "the celery engine needs a broker.", remedy))
    if settings.job_engine == "celery" and settings.uses_sqlite and settings.is_production:
        faults.append(Fault("JOB_ENGINE", "workers on other machines cannot reach an SQLite file.", "Use Postgres, or JOB_ENGINE=local."))
    return faults


def _monitoring_faults(settings: Settings) -> list[Fault]:
    faults = []
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    problem = None if token is None else setting_text.secret_problem(token, MINIMUM_TOKEN_LENGTH)
    if problem:
        faults.append(Fault("METRICS_TOKEN", problem, f"Make one with {GENERATE_COMMAND} and set it."))
    if settings.dsn is not None and not re.fullmatch(r"https?://[^@/\s]+@[^/\s]+/.*\d", settings.dsn):
        faults.append(Fault("SENTRY_DSN", "it is not a DSN.", "Copy it from the project's settings in Sentry: https://key@host/project."))
    return faults


def _provider_faults(settings: Settings) -> list[Fault]:
    keys = {"tiingo": settings.tiingo_api_key, "twelvedata": settings.twelvedata_api_key}
    faults = []
    for name in dict.fromkeys(settings.price_providers):
        variable = f"{name.upper()}_API_KEY"
        key = keys.get(name)
        if name not in PROVIDERS:
            faults.append(
                Fault("PRICE_PROVIDERS", f"{name[:40]!r} is no provider.", f"Name any of {', '.join(PROVIDERS)}, comma-separated.")
            )
        elif name == "csv_url" and settings.csv_url_template is None:
            faults.append(Fault("CSV_URL_TEMPLATE", "PRICE_PROVIDERS names csv_url, which needs it.", _TEMPLATE_REMEDY))
        elif name == "yahoo" and find_spec("yfinance") is None:
            remedy = "Run `pip install -r requirements-yahoo.txt` in the service's environment, or take yahoo off PRICE_PROVIDERS."
            faults.append(Fault("PRICE_PROVIDERS", "it names yahoo, which is asked through yfinance, and that is not installed.", remedy))
        elif name in keys and key is None:
            remedy = f"Get a key there and set it, or take {name} off PRICE_PROVIDERS."
            faults.append(Fault(variable, f"PRICE_PROVIDERS names {name}, which needs it.", remedy))
        elif key is not None and (problem := setting_text.secret_problem(key.get_secret_value(), 1)):
            faults.append(Fault(variable, problem, "Copy it once more from the provider's page."))
    if len(set(settings.price_providers)) < len(settings.price_providers):
        faults.append(Fault("PRICE_PROVIDERS", "it names a provider twice.", "Name each once, in the order to try."))
    if settings.csv_url_template is not None and "{ticker}" not in settings.csv_url_template:
        faults.append(Fault("CSV_URL_TEMPLATE", "there is no {ticker} in it.", _TEMPLATE_REMEDY))
    for variable, address in (
        ("TIINGO_URL", settings.tiingo_url), ("TWELVEDATA_URL", settings.twelvedata_url), ("YAHOO_URL", settings.yahoo_url),
        ("CSV_URL_TEMPLATE", settings.csv_url_template),
    ):  # fmt: skip
        if address is not None and not _WEB_ADDRESS.fullmatch(address):
            faults.append(Fault(variable, "it is not an address of the web.", "It begins with https:// or http://, and a host."))
    for variable, calls in (
        ("TIINGO_CALLS", settings.tiingo_calls), ("TWELVEDATA_CALLS", settings.twelvedata_calls), ("YAHOO_CALLS", settings.yahoo_calls),
        ("CSV_URL_CALLS", settings.csv_url_calls),
    ):  # fmt: skip
        try:
            calls_of_text(calls or "1/day")
        except ValueError as error:
            faults.append(Fault(variable, str(error), "Write the calls of each window, as in 8/minute 800/day."))
    return faults


def _production_faults(settings: Settings) -> list[Fault]:
    faults = []
    for variable, secret in (("MASTER_API_KEY", settings.master_api_key), ("SECRET_KEY", settings.secret_key)):
        value = secret.get_secret_value() if secret else ""
        problem = setting_text.secret_problem(value)
        if problem:
            faults.append(Fault(variable, problem, f"Make one with {GENERATE_COMMAND} and set it."))
    if "*" in settings.cors_origins:
        faults.append(Fault("CORS_ORIGINS", "'*' lets every website call with a user's key.", "Name the origins, comma-separated."))
    if settings.uses_sqlite and not settings.allow_sqlite_in_production:
        remedy = "Set it to a postgresql:// URL, or set ALLOW_SQLITE_IN_PRODUCTION=true if DATA_DIR is on a volume that stays."
        faults.append(Fault("DATABASE_URL", "production would keep its data in an SQLite file.", remedy))
    if os.environ.get("FLASK_RUN_FROM_CLI") and not os.environ.get("FLASK_SKIP_DOTENV") and Path(".env").is_file():
        remedy = "Remove the file, or set FLASK_SKIP_DOTENV=1."
        faults.append(Fault(".env", "the flask command has read this file, and production reads the environment only.", remedy))
    if settings.debug:
        faults.append(Fault("DEBUG", "debugging is for development.", "Unset DEBUG and FLASK_DEBUG."))
    return faults
