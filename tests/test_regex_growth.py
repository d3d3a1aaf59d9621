"""The steps of a regular expression grow no faster than its text."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kit.growth import SIZES, budget
from kit.paths import ROOT, code
from kit.regex_steps import Machine, OverBudget, hostile_texts
from pydantic import BaseModel
from werkzeug import http
from werkzeug.datastructures import accept
from werkzeug.sansio import http as sansio_http
from werkzeug.sansio import utils as sansio_utils

from api.header_limits import LONGEST_PARSED, collapse_blanks

METHODS = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
MAY_USE_ONE = re.compile(rf"\b(?:import|from) re\b|\.(?:{'|'.join(METHODS)})\b")
DEAREST = 1  # the number of texts, the most expensive ones, that are tried at full length


@cache
def sources() -> dict[Path, ast.Module]:
    """The parsed source of every file of the application that may use a regular expression: each process parses them when it collects."""
    texts = {path: path.read_text() for path in code()}
    return {path: ast.parse(text) for path, text in texts.items() if MAY_USE_ONE.search(text)}


def is_of_re(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re"


def calls_of_re(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """The calls of functions of `re`, each with the name of the function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_of_re(node.func):
            yield node.func.attr, node


def uses_of_names(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """The methods that are called on patterns, by the name of the pattern, over all modules."""
    uses: dict[str, set[str]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in METHODS and isinstance(node.value, ast.Name | ast.Attribute):
                uses[node.value.id if isinstance(node.value, ast.Name) else node.value.attr].add(node.attr)
    return uses


def written_in_place(module: ModuleType, call: ast.Call) -> list[re.Pattern[Any]]:
    """The patterns that a call may pass to a function of `re` as text."""
    names = [
        node.attr
        for part in call.args[1:] + [word.value for word in call.keywords]
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute) and is_of_re(node)
    ]
    flags = re.NOFLAG
    for name in names:
        flags |= getattr(re, name)
    return [re.compile(text, flags) for text in texts_of(module, call.args[0])]


def texts_of(module: ModuleType, node: ast.expr) -> list[Any]:
    """The possible values of an expression: a text, a constant, or either side of a condition."""
    if isinstance(node, ast.IfExp):
        return texts_of(module, node.body) + texts_of(module, node.orelse)
    if isinstance(node, ast.Name) and node.id.isupper():
        return [getattr(module, node.id)]
    assert isinstance(node, ast.Constant), f"{module.__name__}, line {node.lineno}: a pattern that is put together; make it a constant"
    return [node.value]


def is_compiled_at_import(tree: ast.Module, call: ast.Call) -> bool:
    """Whether a call runs at import: at module level, or in a function that is called at module level."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    itself = [node for part in tree.body if part not in functions for node in ast.walk(part)]
    called = {node.func.id for node in itself if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return call in itself or any(function.name in called and call in ast.walk(function) for function in functions)


def held(name: str, value: object) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The compiled patterns in a value of a module, and the name by which each is used."""
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, dict):
        yield from (pair for one in value.values() for pair in held(name, one))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (pair for one in value for pair in held(name, one))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (pair for field in fields(value) for pair in held(field.name, getattr(value, field.name)))


def patterns() -> Iterator[Any]:
    """Each regular expression of the application with each method that is called on it. New ones are included without a list."""
    uses = uses_of_names(sources().values())
    for path, tree in sorted(sources().items()):
        calls = list(calls_of_re(tree))
        if not calls:
            continue
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for function, call in calls:
            if function == "compile":
                assert is_compiled_at_import(tree, call), f"{module.__name__}, line {call.lineno}: a pattern is compiled once, at import"
            elif function in METHODS:
                written = written_in_place(module, call)
                yield from (pytest.param(one, function, id=f"{module.__name__}-line {call.lineno}-{function}") for one in written)
        for name, pattern in (pair for constant, value in vars(module).items() for pair in held(constant, value)):
            assert uses[name], f"{module.__name__}.{name} is never used"
            yield from (pytest.param(pattern, use, id=f"{module.__name__}.{name}-{use}") for use in sorted(uses[name]))


PATTERNS = list(patterns())


def test_functions_of_re_are_called_by_their_whole_names() -> None:
    """The search for calls of `re` does not see names imported from it."""
    for path, tree in sources().items():
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "re"], path


def check_steps(pattern: re.Pattern[Any], method: str, prepare: Callable[[str], str] = str) -> None:
    """Fail when ten times the text takes a pattern more than fifteen times the steps, for any hostile text after `prepare`."""
    machine = Machine(pattern)

    def steps(make: Callable[[int], str], size: int, before: int | None) -> int:
        try:
            return machine.run(method, prepare(make(size)), budget(size, before)).steps
        except OverBudget:
            raise AssertionError(f"{make.__name__} of {size} characters; of a tenth of them it took {before}") from None

    costs = {}
    for make in hostile_texts(machine):
        before = None
        for size in SIZES[:-1]:
            before = steps(make, size, before)
        costs[make] = before
    for make in sorted(costs, key=lambda make: costs[make] or 0, reverse=True)[:DEAREST]:
        steps(make, SIZES[-1], costs[make])


@pytest.mark.parametrize(("pattern", "method"), PATTERNS)
def test_patterns_are_linear(pattern: re.Pattern[Any], method: str) -> None:
    check_steps(pattern, method)


@pytest.mark.parametrize(
    ("text", "method"),
    [
        pytest.param(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", "fullmatch", id="two runs of the same digits"),
        pytest.param(r"https?://[^@/\s]+@[^/\s]+/.*\d+", "fullmatch", id="a run within a run"),
        pytest.param(r"/|(?:[ \t]*;[ \t]*)", "split", id="a run that begins anywhere"),
        pytest.param(r"/\*.*?\*/", "search", id="an end that never comes"),
        pytest.param(r"(a+)+$", "match", id="a repetition of repetitions"),
        pytest.param(r"(a|a)*b", "match", id="alternatives that overlap"),
        pytest.param(r"(\s|[^x])*x", "match", id="classes that overlap"),
    ],
)
def test_the_count_finds_patterns_that_are_not(text: str, method: str) -> None:
    with pytest.raises(AssertionError, match="characters"):
        check_steps(re.compile(text, re.ASCII), method)


@pytest.mark.parametrize(
    "text", [r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", r"(\s|\w)*x", r"a++b", r"(?>a+)b", r"(?=a)\w*x", r"(?P<q>['\"])\w*(?P=q)"]
)
def test_the_count_accepts_patterns_that_are(text: str) -> None:
    check_steps(re.compile(text), "match")


@pytest.mark.parametrize("text", [r"(a)?(?(1)b|c)", r"(?i:a)"])
def test_the_count_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises(NotImplementedError):
        Machine(re.compile(text))


@pytest.mark.parametrize(("pattern", "method"), [*PATTERNS, (re.compile(rb"(?<!\r)\n"), "search"), (re.compile(r"(?<=ab)c+"), "findall")])
def test_the_count_finds_what_python_finds(pattern: re.Pattern[Any], method: str) -> None:
    machine = Machine(pattern)
    for make in hostile_texts(machine):
        text = make(40)
        for sample in (text, text[:-1], text[::-1]):
            subject = sample.encode("latin-1") if machine.is_of_bytes else sample
            if method in ("match", "fullmatch", "search"):
                match = getattr(pattern, method)(subject)
                expected = (int(match is not None), match.end() if match else -1)
            else:
                matches = list(pattern.finditer(subject))
                expected = (len(matches), matches[-1].end() if matches else -1)
            outcome = machine.run(method, sample, 1_000_000)
            assert (outcome.found, outcome.end) == expected, sample


def test_patterns_of_schemas_are_matched_by_an_engine_that_never_backtracks() -> None:
    for path in (ROOT / "schemas").glob("*.py"):
        importlib.import_module(f"schemas.{path.stem}")
    waiting, engines = [BaseModel], set()
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        engines.add(model.model_config.get("regex_engine", "rust-regex"))
    assert engines == {"rust-regex"}


def framework_patterns() -> Iterator[Any]:
    """The framework's regular expressions for headers, with each method that it calls on them."""
    for module in (http, sansio_http, sansio_utils, accept):
        uses = uses_of_names([ast.parse(inspect.getsource(module))])
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield from (pytest.param(value, use, id=f"{module.__name__}.{name}-{use}") for use in sorted(uses[name]))


@pytest.mark.parametrize(("pattern", "method"), list(framework_patterns()))
def test_those_of_the_framework_grow_with_the_square_at_most(pattern: re.Pattern[Any], method: str) -> None:
    """Some are quadratic: a header is refused before it is long enough for that to matter."""
    machine = Machine(pattern)
    length = LONGEST_PARSED // 4
    for make in hostile_texts(machine):
        machine.run(method, make(length), 3 * length**2)


def test_cookies_are_parsed_in_linear_time_as_they_may_be_longer() -> None:
    with pytest.raises(AssertionError, match="characters"):
        check_steps(sansio_http._cookie_re, "match")
    check_steps(sansio_http._cookie_re, "match", collapse_blanks)
