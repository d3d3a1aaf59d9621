"""SQL texts are constants: no value is part of the text, and only the store that owns a table writes it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest
from kit.paths import ROOT, code

# The functions that compose SQL when they are called. Each uses only texts of the application, no value from outside.
PUTS_SQL_TOGETHER = {
    *(("deploy/restore.py", "_restore_postgres"), ("features/analyses/store/screener.py", "count_latest")),
    ("infrastructure/belongings_store.py", "_statements"),
}
SQL = re.compile(r"\s*\(?(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|TRUNCATE|COPY|PRAGMA|SET|LOCK|NOTIFY)\b")
STORE = re.compile(r"(features/\w+|jobs)/store(/\w+)?\.py|(api|infrastructure)/\w+_store\.py")
WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)\b")
# Tables that several modules write: the write probe updates a row of the ledger without changing it; delays of items, and jobs that ran
# elsewhere, are nouns of their own.
SHARED = {
    "analysis_job_items": {"jobs/store/delay.py", "jobs/store/finished.py", "jobs/store/held.py", "jobs/store/item.py"},
    "analysis_jobs": {"jobs/store/finished.py", "jobs/store/job.py"},
    "db_version": {"db_migrations.py", "infrastructure/write_probe.py"},
}


def is_constant_or_number(part: ast.expr) -> bool:
    """Whether a part of an f-string is certainly a constant or a number: `COLUMNS`, `int(x)`, `{x:.0f}`."""
    if not isinstance(part, ast.FormattedValue):
        return isinstance(part, ast.Constant)
    if isinstance(part.format_spec, ast.JoinedStr) and ast.unparse(part.format_spec)[-2] in "df":
        return True
    value = part.value
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "int"
    return isinstance(value, ast.Name) and value.id.isupper()


def starts_as_sql(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value) is not None


def puts_sql_together(node: ast.AST) -> bool:
    """Whether an expression joins SQL with something that is neither a constant nor a number, by an f-string, `+`, `%` or `.format`."""
    if isinstance(node, ast.JoinedStr):
        return starts_as_sql(node.values[0]) and not all(is_constant_or_number(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return starts_as_sql(node.left)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and starts_as_sql(node.func.value)
    )


@pytest.mark.parametrize(
    ("code", "is_caught"),
    [
        pytest.param("f\"SELECT * FROM t WHERE name = '{name}'\"", True, id="a value"),
        pytest.param('f"SELECT {COLUMNS} FROM t LIMIT {int(limit)}"', False, id="a constant and an integer"),
        pytest.param("f\"SET LOCAL lock_timeout = '{seconds:.0f}s'\"", False, id="a number by its format"),
        pytest.param('f"SELECT {name:s}"', True, id="text by its format"),
        pytest.param('"DELETE FROM t WHERE id = " + key', True, id="joined"),
        pytest.param('"DELETE FROM t WHERE id = %s" % key', True, id="percent"),
        pytest.param('"UPDATE t SET a = {}".format(a)', True, id="format"),
        pytest.param('f"Select one of {names}"', False, id="a sentence"),
    ],
)
def test_sql_that_is_put_together_is_seen(code: str, is_caught: bool) -> None:
    assert any(map(puts_sql_together, ast.walk(ast.parse(code)))) is is_caught


def test_no_value_is_put_into_sql() -> None:
    """Only the named functions compose SQL when called; SQL composed at import has no outside value. ruff and bandit skip this."""
    composing = set()
    for path in code():
        functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        composing |= {(str(path.relative_to(ROOT)), each.name) for each in functions if any(map(puts_sql_together, ast.walk(each)))}
    assert composing == PUTS_SQL_TOGETHER


def tables_written(text: str) -> set[str]:
    """The tables that the SQL in a text writes. After UPDATE, `SET`, `OF` and `SKIP` are keywords, not tables."""
    return set(WRITES.findall(text)) - {"set", "of", "skip"}


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        pytest.param('"INSERT INTO sessions (id) VALUES (:id)"', {"sessions"}, id="insert"),
        pytest.param('"""\nUPDATE\n    api_keys\nSET revoked_at = :now\n"""', {"api_keys"}, id="over lines"),
        pytest.param('"DELETE FROM t"', {"t"}, id="delete"),
        pytest.param('"SELECT 1 FROM t FOR UPDATE SKIP LOCKED"', set(), id="a lock"),
        pytest.param('"ON CONFLICT DO UPDATE SET a = 1"', set(), id="an upsert's second half"),
    ],
)
def test_a_written_table_is_seen(text: str, tables: set[str]) -> None:
    assert tables_written(text) == tables


def test_only_the_owning_store_writes_a_table() -> None:
    """One module writes each table: a store of a feature, of the job machine, or of the kernel."""
    writers: dict[str, set[str]] = defaultdict(set)
    for path in code():
        if path.relative_to(ROOT).parts[0] != "deploy":  # restoring a backup writes every table
            for table in tables_written(path.read_text()):
                writers[table].add(str(path.relative_to(ROOT)))
    assert {table: modules for table, modules in writers.items() if len(modules) > 1} == SHARED
    owners = {next(iter(modules)) for table, modules in writers.items() if table not in SHARED}
    assert {owner for owner in owners if not STORE.fullmatch(owner)} == set()
