"""What is wrong with the URL of a database. No message repeats a piece of it that could be of the password."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from models.config_fault import Fault

VARIABLE = "DATABASE_URL"
EXAMPLE = "Set it to sqlite:///path/to/file.db or postgresql://user:password@host:5432/name."
SCHEMES = ("sqlite", "postgres", "postgresql", "postgresql+psycopg2")
# The parameters of libpq (PostgreSQL's documentation, "Parameter Key Words").
PARAMETERS = frozenset(
    {
        "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname", "fallback_application_name",
        "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr", "keepalives", "keepalives_count", "keepalives_idle",
        "keepalives_interval", "krbsrvname", "load_balance_hosts", "max_protocol_version", "min_protocol_version", "options", "passfile",
        "password", "port", "replication", "require_auth", "requirepeer", "requiressl", "scram_client_key", "scram_server_key", "service",
        "servicefile", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression", "sslcrl",
        "sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslpassword", "sslrootcert", "sslsni", "target_session_attrs",
        "tcp_user_timeout", "user",
    }
)  # fmt: skip
# Parameters of other clients, which people copy from their documentation.
_REMEDIES = {
    "pgbouncer": "Leave it out: a connection through PgBouncer needs no parameter here.",
    "schema": "Leave it out, and name the schema by ?options=-csearch_path%3DNAME.",
}
_LONGEST_NAME = 40
LARGEST_PORT = 65_535
_PORT = re.compile(r"0*[1-9]\d{0,4}", re.ASCII)
_HOST = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?P<colon>:(?P<port>.*))?")


def fault_of(url: str) -> Fault | None:
    """The first fault of a database URL, or None."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        return Fault(VARIABLE, f"{scheme.split(':')[0][:_LONGEST_NAME]!r} is not a supported database.", EXAMPLE)
    if scheme == "sqlite":
        return _fault_of_sqlite(rest)
    before_query, _, query = rest.partition("?")
    return _fault_of_login(before_query, query) or _fault_of_host(before_query) or _fault_of_query(query)


def _fault_of_sqlite(rest: str) -> Fault | None:
    if rest in ("", "/") or ":memory:" in rest or "mode=memory" in rest:
        return Fault(VARIABLE, "an SQLite database in memory would lose everything and is not shared by workers.", EXAMPLE)
    if not rest.startswith("/"):
        return Fault(VARIABLE, "three slashes come before the path of an SQLite file, four before a path from the root.", EXAMPLE)
    return None


def _fault_of_login(before_query: str, query: str) -> Fault | None:
    if before_query.count("@") > 1:
        return Fault(VARIABLE, "there is an @ in the user or the password.", f"Write it as %40, and : and / as %3A and %2F. {EXAMPLE}")
    if "@" not in before_query and "@" in query.split("&", maxsplit=1)[0]:
        return Fault(VARIABLE, "there is a ? in the user or the password.", f"Write it as %3F. {EXAMPLE}")
    return None


def _fault_of_host(before_query: str) -> Fault | None:
    address = before_query.rpartition("@")[2].partition("/")[0]
    if "," in address:
        return Fault(VARIABLE, "there are several hosts.", "Write each as a parameter: ?host=one:5432&host=other:5432.")
    parts = _HOST.fullmatch(address)
    assert parts is not None
    if address.count(":") > 1 and not address.startswith("["):
        return Fault(VARIABLE, "there are several colons in host and port.", "Write an IPv6 address in brackets: [::1]:5432.")
    if "$" in parts["host"]:
        return Fault(VARIABLE, "the host is a variable that nothing has replaced.", EXAMPLE)
    if parts["colon"] is None or (_PORT.fullmatch(parts["port"]) and int(parts["port"]) <= LARGEST_PORT):
        return None
    if not parts["port"]:
        return Fault(VARIABLE, "the port is empty.", "Write its number, or leave out the colon before it.")
    if "$" in parts["port"] or "{" in parts["port"]:
        return Fault(VARIABLE, "the port is a variable that nothing has replaced.", "Write its number, as 5432.")
    problem = "the port is not a number from 1 to 65535."
    return Fault(VARIABLE, problem, f"Write it as 5432; write @, : and / of a password as %40, %3A and %2F. {EXAMPLE}")


def _fault_of_query(query: str) -> Fault | None:
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name not in PARAMETERS:
            remedy = _REMEDIES.get(name, "Leave it out, or use one of libpq's, as sslmode or options.")
            return Fault(VARIABLE, f"{name[:_LONGEST_NAME]!r} is not a parameter of PostgreSQL's client.", remedy)
    return None
