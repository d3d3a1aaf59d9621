"""Rules that import-linter cannot check: the single modules at the root, the place of code, and how parts reach each other."""

from __future__ import annotations

import ast
import pkgutil
from pathlib import Path

import pytest
from kit.paths import ROOT, code

import features

# The single modules at the root and the parts that each may import.
MAY_IMPORT = {
    "app": {
        "models",
        "analysis",
        "api",
        "config",
        "database",
        "db_migrations",
        "devserver",
        "features",
        "infrastructure",
        "jobs",
        "utils",
        "web",
    },
    "config": {"config_fields", "models", "utils"},
    "config_fields": {"models"},
    "database": {"config", "infrastructure", "utils"},
    "db_migrations": {"config", "database", "infrastructure", "models", "utils"},
    "devserver": {"api", "app", "config", "database", "features", "infrastructure", "jobs", "models", "utils"},
    "preflight": {"app", "config", "database", "features", "models", "utils"},
    "worker": {"config", "database", "db_migrations", "features", "infrastructure", "jobs", "models", "utils"},
    "wsgi": {"app", "config", "infrastructure"},
}
PACKAGES = {"analysis", "api", "features", "infrastructure", "jobs", "models", "schemas", "utils", "web"}
BESIDE = {"benchmarks", "deploy", "tests", "tools"}  # folders that are not part of the running service
ENTRANCES = {"app", "devserver", "gunicorn.conf", "preflight", "wsgi"}  # they import the application
UTILS = {
    *("api_utils", "cancellation", "clock", "csv_text", "database_errors", "dialects", "ids", "input_messages", "json_text"),
    *("logger", "secret_file", "start_errors", "terminal"),
}
DOMAIN_NOUNS = ("ticker", "watchlist", "verdict", "price", "indicator")
# The process-wide database serves the customer's four names and migrations run by hand.
PROCESS_WIDE = {"adopt", "close", "close_db", "configure", "connect", "current", "execute_db", "init_db_if_needed", "query_db"}
PROCESS_WIDE |= {"read", "reader", "transaction"}
MAY_USE_PROCESS_WIDE = {
    *("database.py", "db_migrations.py", "features/analyses/retention.py"),
    *("infrastructure/entrance.py", "infrastructure/foundation.py"),
}


def imported(path: Path) -> set[str]:
    """The dotted names that a file imports, anywhere in it; `a.b` for `from a import b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def parts(path: Path) -> set[str]:
    """The packages and root modules of the project that a file imports."""
    return {name.split(".")[0] for name in imported(path)} & (PACKAGES | MAY_IMPORT.keys())


@pytest.mark.parametrize("module", MAY_IMPORT)
def test_root_modules_import_downwards(module: str) -> None:
    assert parts(ROOT / f"{module}.py") <= MAY_IMPORT[module]


def test_every_module_belongs_to_a_room() -> None:
    rooms = {path.relative_to(ROOT).parts[0] for path in code("tests", "benchmarks")}
    assert rooms == PACKAGES | BESIDE | {f"{name}.py" for name in MAY_IMPORT} | {"gunicorn.conf.py"}


def test_only_entrances_know_the_application() -> None:
    """They, and the tools of those who develop it, import it."""
    assert {path.stem for path in code() if {"app", "devserver"} & parts(path) and path.parent.name != "tools"} <= ENTRANCES


@pytest.mark.parametrize("module", ["app", "worker", "wsgi"])
def test_entrances_name_no_feature(module: str) -> None:
    """Entrances loop over one list. The development server and preflight are exceptions: they use some features by name."""
    assert {name for name in imported(ROOT / f"{module}.py") if name.startswith("features.")} <= {"features.load_features"}


def test_every_feature_is_in_the_list() -> None:
    packages = {module.name for module in pkgutil.iter_modules(features.__path__) if module.ispkg}
    assert {feature.name for feature in features.FEATURES} == packages | {"jobs"}


MAY_BE_USED = ("service", "schemas", "fetching", "channels", "removal", "valuing", "measuring")


def foreign_imports() -> set[tuple[str, str, str]]:
    """The imports between features: the file, the other feature, and the module of it."""
    imports = set()
    for path in sorted((ROOT / "features").rglob("*/*.py")):
        for name in imported(path):
            words = name.split(".")
            if words[0] == "features" and len(words) > 2 and words[1] != path.relative_to(ROOT / "features").parts[0]:
                imports.add((str(path.relative_to(ROOT)), words[1], words[2]))
    return imports


def test_a_feature_uses_the_services_and_schemas_of_others_alone() -> None:
    """import-linter protects routes and stores; this test protects all other modules except services and schemas.

    Prices have a second service, `fetching`, so that reading stored prices loads nothing of it; deliveries have `channels`, beside that
    which sends; accounts have `removal`, beside that which knows callers; indexes have `valuing`, beside that which publishes; portfolios
    have `measuring`, which values whole ledgers.
    """
    assert {entry for entry in foreign_imports() if entry[2] not in MAY_BE_USED} == set()


def test_the_list_of_features_is_their_order() -> None:
    """A feature imports only features before it in the list."""
    order = [feature.name for feature in features.FEATURES]
    assert {entry for entry in foreign_imports() if order.index(entry[1]) > order.index(Path(entry[0]).parts[1])} == set()


def test_helpers_are_a_closed_list() -> None:
    assert {path.stem for path in (ROOT / "utils").glob("*.py")} - {"__init__"} == UTILS
    document = (ROOT / "utils" / "__init__.py").read_text()
    assert all(name in document for name in UTILS)


def test_helpers_mention_no_domain_noun() -> None:
    for path in (ROOT / "utils").glob("*.py"):
        words = path.read_text().lower()
        for noun in DOMAIN_NOUNS:
            assert noun not in words, f"{path.name} mentions {noun}"


def test_a_database_is_handed_on() -> None:
    """Code gets its database as an argument: only a few modules may use `import database` and its process-wide functions."""
    users = set()
    for path in code():
        names = imported(path)
        if "database" in names or names & {f"database.{name}" for name in PROCESS_WIDE}:
            users.add(str(path.relative_to(ROOT)))
    assert {user for user in users if not user.startswith("deploy/")} <= MAY_USE_PROCESS_WIDE


def test_parts_are_reached_by_types_not_by_keys() -> None:
    """Services and RequestState are typed: code stores no object under a string key of the application or as an attribute of `g`."""
    for path in code():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                name = f"{path.relative_to(ROOT)}:{node.lineno}"
                is_of_others = isinstance(node.value, ast.Name) and node.value.id in ("psycopg2", "request")  # a request of httpx
                assert node.attr != "extensions" or is_of_others, name
                is_g = isinstance(node.value, ast.Name) and node.value.id == "g"
                assert not is_g or path.name == "request_state.py", name


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
    assert {path.name: lines for path in code("tests", "benchmarks") if (lines := len(path.read_text().splitlines())) > 400} == {}
