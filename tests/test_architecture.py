"""What import-linter cannot see: the single modules at the root, and that the design's names are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from kit.paths import ROOT

PARTS = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} | {path.stem for path in ROOT.glob("*.py")}
FOUNDATION: set[str] = {"utils"}
MAY_IMPORT = {
    "config": FOUNDATION,
    "database": FOUNDATION,
    "db_migrations": FOUNDATION | {"config", "database", "models"},
    "wsgi": {"app"},
    "preflight": FOUNDATION | {"app", "config", "database", "models", "services"},
    "worker": FOUNDATION | {"config", "database", "db_migrations", "jobs"},
}
ENVIRONMENTS = {".venv", ".venv-bench", ".venv-tools"}
# The functions that put SQL together when they are called, each from our own text: no value that comes from outside is in it.
PUTS_SQL_TOGETHER = {("deploy/restore.py", "_restore_postgres"), ("features/analyses/store.py", "latest")}
SQL = re.compile(r"\s*\(?(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|TRUNCATE|COPY|PRAGMA|SET|LOCK|NOTIFY)\b")
KNOWS_THE_APPLICATION = {"app", "wsgi", "preflight", "gunicorn.conf"}


def imports(path: Path) -> set[str]:
    """The parts of the project that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found |= {name.split(".")[0] for name in names}
    return found & PARTS


@pytest.mark.parametrize("module", MAY_IMPORT)
def test_root_modules_import_downwards(module: str) -> None:
    assert imports(ROOT / f"{module}.py") <= MAY_IMPORT[module]


def test_only_entrances_know_the_application() -> None:
    code = [path for path in ROOT.rglob("*.py") if not (ENVIRONMENTS | {"tests", "benchmarks"}) & set(path.parts)]
    knowing = {path.stem for path in code if "app" in imports(path)}
    assert knowing <= KNOWS_THE_APPLICATION


def is_constant_or_number(part: ast.expr) -> bool:
    """Whether a part of an f-string can only be text of ours or a number: `COLUMNS`, `int(x)`, `{x:.0f}`."""
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
    """What modules put together on import holds nothing from outside; functions that do so are named. ruff and bandit leave this to us."""
    found = set()
    for path in ROOT.rglob("*.py"):
        if not (ENVIRONMENTS | {"tests", "benchmarks"}) & set(path.parts):
            functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {(str(path.relative_to(ROOT)), each.name) for each in functions if any(map(puts_sql_together, ast.walk(each)))}
    assert found == PUTS_SQL_TOGETHER


def test_helpers_mention_no_domain_noun() -> None:
    for path in (ROOT / "utils").glob("*.py"):
        words = path.read_text().lower()
        for noun in ("ticker", "watchlist", "verdict", "price", "indicator"):
            assert noun not in words, f"{path.name} mentions {noun}"


def test_names_that_the_customer_calls_by() -> None:
    import database
    import schemas.analysis
    import schemas.watchlist
    import utils.api_utils
    from features.analyses import retention

    for module, names in (
        (database, ("init_db_if_needed", "close_db", "query_db", "execute_db")),
        (utils.api_utils, ("register_error_handlers",)),
        (schemas.analysis, ("AnalyzeRequest", "BulkAnalyzeRequest")),
        (retention, ("cleanup_old_analyses", "cleanup_all_stocks_analysis")),
        (schemas.watchlist, ("WatchlistAddRequest",)),
    ):
        for name in names:
            assert getattr(module, name).__doc__


def test_no_file_grows_past_easy_reading() -> None:
    code = [path for path in ROOT.rglob("*.py") if not ENVIRONMENTS & set(path.parts)]
    assert {path.name: lines for path in code if (lines := len(path.read_text().splitlines())) > 400} == {}
