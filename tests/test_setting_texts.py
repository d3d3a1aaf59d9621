"""Settings as people and platforms write them: what is tidied, what is refused, and in which words."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from kit.databases import Backend

import database
from config import PLATFORM_VARIABLES, ConfigError, Settings, tidied_variables
from infrastructure.listening import in_url, is_public, listen
from infrastructure.redis_link import connect_redis

SECRET = "kQ7vN2xW9zR4tY6uP1sD8fG3hJ5kL0mB"


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)  # no .env file
    return monkeypatch


def load(environ: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        environ.setenv(name, value)
    return Settings.load()


def refusal(environ: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environ, **variables)
    (fault,) = caught.value.faults
    return str(fault)


@pytest.mark.parametrize("written", [f"{SECRET}\n", f" {SECRET} ", f'"{SECRET}"', f"'{SECRET}'\r\n", f'" {SECRET} "'])
def test_blanks_and_quotes_around_a_value_are_not_part_of_it(environ: pytest.MonkeyPatch, written: str) -> None:
    settings = load(environ, MASTER_API_KEY=written, METRICS_TOKEN=written, DATABASE_URL=written.replace(SECRET, "sqlite:///x.db"))
    assert settings.resolve_master_key() == SECRET
    assert settings.metrics_token is not None
    assert settings.metrics_token.get_secret_value() == SECRET
    assert settings.database_url == "sqlite:///x.db"
    assert sorted(tidied_variables()) == ["DATABASE_URL", "MASTER_API_KEY", "METRICS_TOKEN"]


@pytest.mark.parametrize("written", ["production", '"production"', "production\n", "'Prod'"])
def test_a_file_does_not_configure_production_however_it_is_written(environ: pytest.MonkeyPatch, written: str) -> None:
    environ.setitem(Settings.model_config, "env_file", ".env")
    Path(".env").write_text(f"MASTER_API_KEY={SECRET}\n")
    production = {"SECRET_KEY": SECRET, "DATABASE_URL": "postgresql://u:p@h/d"}
    assert refusal(environ, ENVIRONMENT=written, **production).startswith("MASTER_API_KEY: it is missing.")


def test_a_plain_value_is_not_tidied(environ: pytest.MonkeyPatch) -> None:
    load(environ, MASTER_API_KEY=SECRET, HOST='it"s')
    assert tidied_variables() == []


def test_blanks_alone_are_no_value(environ: pytest.MonkeyPatch) -> None:
    settings = load(environ, DATABASE_URL=" \n", PORT=" ", REDIS_URL='""')
    assert (settings.database_url, settings.port, settings.redis_url) == (None, 8000, None)


@pytest.mark.parametrize("variable", ["MASTER_API_KEY", "SECRET_KEY", "METRICS_TOKEN"])
@pytest.mark.parametrize("inner", [" ", "\n", "\t", "\x07"], ids=["space", "line end", "tab", "control character"])
def test_a_secret_with_a_blank_within_is_refused(environ: pytest.MonkeyPatch, variable: str, inner: str) -> None:
    production = {
        "ENVIRONMENT": "production", "MASTER_API_KEY": SECRET, "SECRET_KEY": SECRET[::-1], "DATABASE_URL": "postgresql://u:p@h/d",
    }  # fmt: skip
    said = refusal(environ, **{**production, variable: f"{SECRET}{inner}{SECRET}"})
    assert said.startswith(f"{variable}: there is a space or a control character in it")
    assert SECRET not in said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("postgresql://somebody:hunter2@more@h:5432/d", ("there is an @", "%40"), id="an @ in the password"),
        pytest.param("postgresql://some@body:hunter2@h:5432/d", ("there is an @", "%40"), id="an @ in the user"),
        pytest.param("postgresql://somebody:hunter2?x@h:5432/d", ("there is a ?", "%3F"), id="a question mark in the password"),
        pytest.param("postgresql://somebody:hunter2@h:$PGPORT/d", ("the port is a variable", "5432"), id="a port that nothing replaced"),
        pytest.param("postgresql://somebody:hunter2@h:${PGPORT}/d", ("the port is a variable", "5432"), id="in braces"),
        pytest.param("postgresql://somebody:hunter2@h:{{port}}/d", ("the port is a variable", "5432"), id="of a template"),
        pytest.param("postgresql://somebody:hunter2@$PGHOST:5432/d", ("the host is a variable",), id="a host that nothing replaced"),
        pytest.param("postgresql://somebody:hunter2@h:/d", ("the port is empty", "colon"), id="an empty port"),
        pytest.param("postgresql://somebody:hunter2@h:54x/d", ("the port is not a number", "%40"), id="a port of letters"),
        pytest.param("postgresql://somebody:hunter2@h:0/d", ("the port is not a number",), id="port 0"),
        pytest.param("postgresql://somebody:hunter2@h:65536/d", ("the port is not a number",), id="a port too large"),
        pytest.param("postgresql://somebody:hunter2/h:5432/d", ("the port is not a number",), id="no @ at all"),
        pytest.param("postgresql://u:hunter2@2001:db8::1:5432/d", ("several colons", "[::1]:5432"), id="IPv6 without brackets"),
        pytest.param("postgresql://u:hunter2@one:1,two:2/d", ("several hosts", "?host="), id="several hosts"),
        pytest.param(
            "postgresql://u:hunter2@h/d?pgbouncer=true", ("'pgbouncer' is not a parameter", "Leave it out"), id="Prisma's PgBouncer"
        ),
        pytest.param("postgresql://u:hunter2@h/d?schema=public", ("'schema' is not a parameter", "search_path%3D"), id="Prisma's schema"),
        pytest.param("postgresql://u:hunter2@h/d?sslmode=require&foo=hunter2", ("'foo' is not a parameter",), id="an unknown parameter"),
        pytest.param("sqlite://x.db", ("three slashes",), id="two slashes"),
    ],
)
def test_a_database_url_is_refused_by_its_part_without_the_password(environ: pytest.MonkeyPatch, url: str, words: tuple[str, ...]) -> None:
    said = refusal(environ, DATABASE_URL=url)
    assert said.startswith("DATABASE_URL: ")
    assert all(word in said for word in words)
    assert "hunter2" not in said
    assert "more" not in said.split("Set it to")[0]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:a:b@h:5432/d",
        "postgresql://u:p%40@h/d",
        "postgresql://u@[::1]:5432/d",
        "postgresql:///d?host=/run",
        "postgres://h/d?sslmode=require",
    ],
)
def test_what_psycopg2_understands_is_taken(environ: pytest.MonkeyPatch, url: str) -> None:
    assert load(environ, DATABASE_URL=url).database_url == url


@pytest.mark.parametrize("variable", PLATFORM_VARIABLES)
def test_a_platform_means_production(environ: pytest.MonkeyPatch, variable: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(environ, **{variable: "x"})
    assert {fault.variable for fault in caught.value.faults} == {"MASTER_API_KEY", "SECRET_KEY", "DATABASE_URL"}
    assert load(environ, ENVIRONMENT="development").environment == "development"


def test_paths_are_expanded_and_kept_whole(environ: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environ.setenv("HOME", str(tmp_path))
    assert load(environ, DATA_DIR="~/bw").data_dir == tmp_path / "bw"
    settings = load(environ, DATA_DIR=str(tmp_path / "a?b %41#c"))
    own = database.Database(database.DatabaseOptions(url=settings.sqlalchemy_url))
    assert own.path == tmp_path / "a?b %41#c" / "bellwether.db"
    own.ping()
    own.close()
    assert (tmp_path / "a?b %41#c" / "bellwether.db").exists()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_the_options_of_the_url_apply_beside_ours(empty_backend: Backend) -> None:
    separator = "&" if "?" in empty_backend.url else "?"
    asked = f"{empty_backend.url}{separator}options=-csearch_path%3Delsewhere%20-ctimezone%3DAmerica/New_York&connect_timeout=7"
    own = database.Database(database.DatabaseOptions(url=asked))
    with own.read() as connection:
        shown = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in ("search_path", "TimeZone")]
    assert shown == ["elsewhere", "UTC"]
    own.close()


@pytest.mark.parametrize("flag", ["CERT_NONE", "none", "CERT_REQUIRED", "CERT_OPTIONAL"])
def test_a_redis_url_is_taken_in_celerys_spelling(flag: str) -> None:
    client = connect_redis(f"rediss://127.0.0.1:1/0?ssl_cert_reqs={flag}")
    pool = client.connection_pool
    assert pool.make_connection().cert_reqs is not None
    client.close()


@pytest.mark.parametrize(
    ("host", "public", "written"),
    [
        ("127.0.0.1", False, "127.0.0.1"), ("localhost", False, "localhost"), ("::1", False, "[::1]"), ("[::1]", False, "[::1]"),
        ("0.0.0.1", True, "0.0.0.1"), ("::", True, "[::]"), ("192.168.1.5", True, "192.168.1.5"), ("box.example", True, "box.example"),
    ],
)  # fmt: skip
def test_addresses(host: str, public: bool, written: str) -> None:
    assert (is_public(host), in_url(host)) == (public, written)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("host", "targets"), [("::", ["127.0.0.1", "::1"]), ("::1", ["::1"]), ("127.0.0.1", ["127.0.0.1"])])
def test_listening_on_either_kind_of_address(host: str, targets: list[str]) -> None:
    with listen(host, 0) as listener:
        for target in targets:
            socket.create_connection((target, listener.getsockname()[1]), timeout=60).close()
