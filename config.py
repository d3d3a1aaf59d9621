"""Settings. Only this module reads the environment.

The variables are declared in config_fields.py. `Settings.load()` reports all faults at once, each with its variable and remedy, so that a
deployment is corrected in one go instead of one restart per mistake.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import AliasChoices, ValidationError

from config_fields import PLATFORM_VARIABLES, Environment, SettingFields, environment_name
from models import setting_rules, setting_text
from models.config_fault import ConfigError, Fault
from models.openid import GOOGLE_ISSUER, OpenIdClient
from utils.secret_file import secret_from_file

__all__ = ["VERSION", "ConfigError", "Fault", "Settings", "variable_names"]

VERSION = "0.1.0"


class Settings(SettingFields):
    """The settings, read from environment variables, and in development also from a `.env` file."""

    @property
    def environment(self) -> Environment:
        """The environment that applies: as set, else production on a known platform, else development."""
        return self.environment_given or ("production" if self.railway_environment or self.platform else "development")

    @property
    def is_production(self) -> bool:
        """Whether the rules for production apply."""
        return self.environment == "production"

    @property
    def sqlalchemy_url(self) -> str:
        """`DATABASE_URL`, by default an SQLite file in `DATA_DIR`."""
        return self.database_url or f"sqlite:///{quote(str(self.data_dir / 'bellwether.db'))}"

    @property
    def uses_sqlite(self) -> bool:
        """Whether the database is an SQLite file."""
        return self.sqlalchemy_url.startswith("sqlite")

    @property
    def worker_processes(self) -> int:
        """The number of local worker processes beside the web processes; 0 with another job engine."""
        if self.job_engine != "local":
            return 0
        return (os.cpu_count() or 1) if self.local_workers is None else self.local_workers

    @property
    def streams_per_worker(self) -> int:
        """The number of streams that a web process serves. A stream occupies a thread, and at least one is left for requests."""
        return min(self.max_streams, self.web_threads - 1)

    @property
    def dsn(self) -> str | None:
        """The DSN of Sentry, or None."""
        return self.sentry_dsn.get_secret_value() if self.sentry_dsn else None

    @property
    def proxies(self) -> int:
        """The number of trusted proxies in front."""
        return (1 if self.railway_environment else 0) if self.trusted_proxies is None else self.trusted_proxies

    @property
    def openid_clients(self) -> tuple[OpenIdClient, ...]:
        """This service as a client of the OpenID providers that are configured."""
        found = []
        if self.google_client_id and self.google_client_secret:
            secret = self.google_client_secret.get_secret_value()
            found.append(OpenIdClient("google", "Google", GOOGLE_ISSUER, self.google_client_id, secret))
        if self.oidc_issuer and self.oidc_client_id and self.oidc_client_secret:
            secret = self.oidc_client_secret.get_secret_value()
            found.append(OpenIdClient("openid", self.oidc_name, self.oidc_issuer, self.oidc_client_id, secret))
        return tuple(found)

    @property
    def broker_url(self) -> str | None:
        """The URL of Celery's broker, or None."""
        return self.celery_broker_url or self.redis_url

    @property
    def loads_sample(self) -> bool:
        """Whether a start loads the bundled prices into an empty database."""
        is_enabled = self.environment == "development" if self.load_sample is None else self.load_sample
        return is_enabled and not self.skip_startup_refresh

    @property
    def log_as_json(self) -> bool:
        """Whether log lines are JSON instead of console text."""
        return self.environment != "development" if self.log_format == "auto" else self.log_format == "json"

    @property
    def master_key_file(self) -> Path:
        """The file of the master key that development generates."""
        return self.data_dir / "master_api_key"

    def resolve_master_key(self) -> str:
        """The master API key: as set, else (outside production) one generated once in `DATA_DIR`, readable by its owner only."""
        return self.master_api_key.get_secret_value() if self.master_api_key else secret_from_file(self.master_key_file)

    def resolve_secret_key(self) -> str:
        """The signing secret: as set, else (outside production) one generated once in `DATA_DIR`."""
        return self.secret_key.get_secret_value() if self.secret_key else secret_from_file(self.data_dir / "secret_key")

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """Read the environment; `overrides` are fields by name. Raises ConfigError with every fault."""
        # A file left in a checkout must not configure production: there the environment alone counts.
        overrides.setdefault("_env_file", None if _is_production_by_environment() else cls.model_config.get("env_file"))
        try:
            settings, faults = cls(**overrides), []
        except ValidationError as error:
            wrong = dict.fromkeys(map(_field_of, error.errors()))
            faults = [_fault_of(field) for field in wrong]
            # Faulty variables get their defaults, so that the rules below check the others in the same run.
            defaults = {field: cls.model_fields[field].default for field in wrong}
            settings = cls(**{**overrides, **defaults})
        faults += setting_rules.faults_of(settings)
        if faults:
            raise ConfigError(faults)
        return settings


def _is_production_by_environment() -> bool:
    def read(name: str) -> str:
        return setting_text.tidy(os.environ.get(name, ""))

    name = read("ENVIRONMENT") or read("FLASK_ENV")
    return environment_name(name) == "production" if name else any(map(read, ("RAILWAY_ENVIRONMENT", *PLATFORM_VARIABLES)))


def tidied_variables() -> list[str]:
    """The variables of the environment whose values have blanks or quotes around them, which are not read."""
    names = (name for field in Settings.model_fields for name in variable_names(field))
    return [name for name in names if (value := os.environ.get(name)) is not None and setting_text.tidy(value) != value]


def variable_names(field: str) -> tuple[str, ...]:
    """The environment variables of a field, the preferred one first."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (field.upper(),)


def _field_of(entry: Any) -> str:
    location = str(entry["loc"][0])
    for name in Settings.model_fields:
        if location in (name, *variable_names(name)):
            return name
    raise LookupError(f"no setting is called {location}")


def _fault_of(field: str) -> Fault:
    schema = Settings.model_json_schema(by_alias=False)["properties"][field]
    return Fault(variable_names(field)[0], setting_text.value_problem(schema), f"It means: {schema['description']}")
