"""`make settings`: docs/settings.md and .env.example, every environment variable with its default and meaning, from config_fields.py."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from config import Settings, variable_names
from models.setting_text import allowed_values

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "settings.md"
EXAMPLE = ROOT / ".env.example"
HEAD = """# Settings

Written by `make settings` from `config_fields.py`; do not edit.

Set these variables in the environment. In development a `.env` file works too ([`.env.example`](../.env.example) is the template);
production reads the environment only. An empty value counts as unset, and unknown variables are ignored.

The service checks all settings at start. When some are wrong it does not start, and lists each one with its remedy. Production refuses:

- a missing `MASTER_API_KEY` or `SECRET_KEY`, one of fewer than 32 characters, or a known placeholder;
- `*` in `CORS_ORIGINS`;
- SQLite, unless `ALLOW_SQLITE_IN_PRODUCTION` is true;
- the Celery engine on SQLite, whose file workers on other machines cannot reach;
- `DEBUG`.

`python -c "import secrets; print(secrets.token_urlsafe(32))"` makes a secret. In a URL, write `@`, `:`, `/` and `#` of a password as
`%40`, `%3A`, `%2F` and `%23`.
"""
EXAMPLE_HEAD = """# Written by `make settings` from config_fields.py; do not edit.
# Copy it to .env for development, or set these variables in your platform. A commented line shows the default.
# Production needs MASTER_API_KEY, SECRET_KEY and a Postgres DATABASE_URL, and nothing else.
"""
# What the template sets, because it is for development.
EXAMPLE_VALUES = {"ENVIRONMENT": "development"}


class Group(NamedTuple):
    """A section of the page: the fields of `Settings` from `first` up to the first field of the next group."""

    title: str
    first: str
    introduction: str = ""


GROUPS = (
    Group("Environment", "environment_given"),
    Group("Server and secrets", "host"),
    Group(
        "Database", "database_url", "The pool settings count for each process. Together, all processes must stay below the server's limit."
    ),
    Group("Jobs", "job_engine"),
    Group("Redis", "redis_url", "Redis is optional. While it is away, processes count limits and cache results on their own."),
    Group(
        "Providers of prices",
        "price_providers",
        "All processes and instances share the calls of a provider, which are counted in the database before they are made. The\n"
        "defaults are those of the free plans.",
    ),
    Group(
        "Limits",
        "max_json_bytes",
        "With `REDIS_URL` all processes and instances share each budget. Without it each process counts on its own, so that one key may\n"
        "reach the budget times the number of web processes (`WEB_CONCURRENCY` × instances).",
    ),
    Group("Cache and compression", "cache_enabled"),
    Group("Metrics and error reports", "metrics_enabled"),
    Group("Log", "log_level"),
    Group("gunicorn", "web_concurrency"),
)


def render_page() -> str:
    """docs/settings.md."""
    properties = Settings.model_json_schema(by_alias=False)["properties"]
    return HEAD + "".join(_section(group, fields, properties) for group, fields in fields_by_group())


def render_example() -> str:
    """`.env.example`."""
    lines = [EXAMPLE_HEAD]
    for group, fields in fields_by_group():
        lines += [f"\n# ---- {group.title} ----\n", *map(_example_lines, fields)]
    return "".join(lines)


def fields_by_group() -> Iterator[tuple[Group, list[str]]]:
    """Each group with its fields, in the order of `config_fields.py`. Raises ValueError for a group whose first field does not exist."""
    fields = list(Settings.model_fields)
    starts = [fields.index(group.first) for group in GROUPS]
    for group, (start, end) in zip(GROUPS, pairwise([*starts, len(fields)]), strict=True):
        yield group, fields[start:end]


def _section(group: Group, fields: list[str], properties: dict[str, Any]) -> str:
    introduction = f"{group.introduction}\n\n" if group.introduction else ""
    rows = "".join(_row(field, properties[field]) for field in fields)
    return f"\n## {group.title}\n\n{introduction}| variable | values | default | meaning |\n|---|---|---|---|\n{rows}"


def _row(field: str, schema: dict[str, Any]) -> str:
    names = " or ".join(f"`{name}`" for name in variable_names(field))
    return f"| {names} | {allowed_values(schema)} | {_default(schema['default'])} | {schema['description']} |\n"


def _default(value: object) -> str:
    return f"`{_text_of(value)}`" if _text_of(value) else "unset"


def _text_of(value: object) -> str:
    """A default as it is written in the environment; empty when there is none."""
    if value is None or value in ((), []):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _example_lines(field: str) -> str:
    info = Settings.model_fields[field]
    name, *aliases = variable_names(field)
    description = (info.description or "").replace("`", "")
    alias = f" Alias: {', '.join(aliases)}." if aliases else ""
    setting = f"{name}={EXAMPLE_VALUES[name]}" if name in EXAMPLE_VALUES else f"#{name}={_text_of(info.default)}"
    return f"# {description}{alias}\n{setting}\n"


if __name__ == "__main__":
    DOCUMENT.write_text(render_page())
    EXAMPLE.write_text(render_example())
