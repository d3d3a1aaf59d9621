"""Rules for the tests themselves, so that they stay valid when the code is rewritten."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kit.paths import ROOT

TESTS = ROOT / "tests"
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
PRIVATE = re.compile(r"_[^_]")
# Private names of other libraries that tests may use.
PRIVATE_OF_OTHERS = {
    "_cookie_re",  # werkzeug's regular expression, whose growth is measured
    "_exit",  # os._exit, for forked children
}


def files() -> Iterator[Path]:
    return iter(sorted(TESTS.rglob("*.py")))


def lines_with(path: Path, breaks_habit: Callable[[ast.AST], bool]) -> list[str]:
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if breaks_habit(node)]
    return [f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}" for node in nodes]


def imports_a_test(node: ast.AST) -> bool:
    names = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return any(part == "conftest" or part.startswith("test_") for name in names for part in name.split("."))


def reads_a_private(node: ast.AST) -> bool:
    """Whether the node is `value._name`, where `value` is neither `self` nor `cls`."""
    if not isinstance(node, ast.Attribute) or not PRIVATE.match(node.attr) or node.attr in PRIVATE_OF_OTHERS:
        return False
    return not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))


def patched_names(node: ast.AST) -> list[str]:
    """The attributes named in a call of `setattr`, `getattr` or `delattr`, also as `"module.name"`."""
    if not isinstance(node, ast.Call):
        return []
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    if name not in ("setattr", "getattr", "delattr"):
        return []
    texts = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]
    return [text.rpartition(".")[2] for text in texts]


def patches_a_constant(node: ast.AST) -> bool:
    return any(map(CONSTANT.fullmatch, patched_names(node)))


def patches_a_private(node: ast.AST) -> bool:
    return any(map(PRIVATE.match, patched_names(node)))


HABITS = {
    "what tests share stands in tests/kit": imports_a_test,
    "behaviour is seen from outside": reads_a_private,
    "privates are left alone": patches_a_private,
    "intervals, sizes and limits are arguments": patches_a_constant,
}


@pytest.mark.parametrize("habit", HABITS)
def test_no_test_breaks_with_it(habit: str) -> None:
    assert [line for path in files() for line in lines_with(path, HABITS[habit])] == []


@pytest.mark.parametrize(
    ("habit", "line"),
    [
        ("what tests share stands in tests/kit", "from conftest import fill"),
        ("what tests share stands in tests/kit", "from browser.conftest import Site"),
        ("what tests share stands in tests/kit", "import test_loop"),
        ("what tests share stands in tests/kit", "from infrastructure import test_loop"),
        ("behaviour is seen from outside", "database.current()._engine"),
        ("behaviour is seen from outside", "app._got_first_request = False"),
        ("privates are left alone", "monkeypatch.setattr(store, '_save', None)"),
        ("privates are left alone", "getattr(cache, '_entries')"),
        ("intervals, sizes and limits are arguments", "monkeypatch.setattr(cache, 'FOLLOW_SECONDS', 0.1)"),
        ("intervals, sizes and limits are arguments", "patched.setattr('jobs.reads.MAX_JOBS', 2)"),
    ],
)
def test_each_habit_is_held(habit: str, line: str) -> None:
    assert any(HABITS[habit](node) for node in ast.walk(ast.parse(line))), line


def test_the_kit_is_one_package_without_tests() -> None:
    """Only conftest files and test files have fixtures or tests."""
    for path in files():
        text = path.read_text()
        if path.name != "conftest.py" and not path.name.startswith("test_"):
            assert "@pytest.fixture" not in text, path
            assert not re.search(r"^def test_", text, re.MULTILINE), path
