"""What import-linter cannot see: the single modules at the root, and that the design's names are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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
    code = [path for path in ROOT.rglob("*.py") if not {".venv", ".venv-bench", "tests", "benchmarks"} & set(path.parts)]
    knowing = {path.stem for path in code if "app" in imports(path)}
    assert knowing <= KNOWS_THE_APPLICATION


def test_helpers_mention_no_domain_noun() -> None:
    for path in (ROOT / "utils").glob("*.py"):
        words = path.read_text().lower()
        for noun in ("ticker", "watchlist", "verdict", "price", "indicator"):
            assert noun not in words, f"{path.name} mentions {noun}"


def test_names_that_the_customer_calls_by() -> None:
    import database
    import schemas.analysis
    import schemas.watchlist
    import services.retention
    import utils.api_utils

    for module, names in (
        (database, ("init_db_if_needed", "close_db", "query_db", "execute_db")),
        (utils.api_utils, ("register_error_handlers",)),
        (schemas.analysis, ("AnalyzeRequest", "BulkAnalyzeRequest")),
        (services.retention, ("cleanup_old_analyses", "cleanup_all_stocks_analysis")),
        (schemas.watchlist, ("WatchlistAddRequest",)),
    ):
        for name in names:
            assert getattr(module, name).__doc__


def test_no_file_grows_past_easy_reading() -> None:
    code = [path for path in ROOT.rglob("*.py") if not {".venv", ".venv-bench"} & set(path.parts)]
    assert {path.name: lines for path in code if (lines := len(path.read_text().splitlines())) > 400} == {}
