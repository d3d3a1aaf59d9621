"""Templates in the arguments of steps: `{{inputs.x}}`, `{{steps.a.b[0].c ?? "default"}}`.

A path is looked up in the values of a run; nothing is computed. A text that is one template has the value of its path with its type;
templates within a longer text become text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from utils.json_text import dump

# One scan finds templates and what is left of broken ones.
TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}|\{\{|\}\}")
FIRST_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SEGMENT = re.compile(r'\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,6})\]|\["([^"\]]{1,200})"\]')

DEEPEST = 30  # levels of lists and objects
MOST_BYTES = 1_000_000  # of the values that the templates of one step bring in
LISTED = 10  # names that an error tells
NOTHING = object()  # a template without a default


class TemplateError(ValueError):
    """A template that cannot be read or resolved; `where` is its place, dotted."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where, self.message = where, message


class NoSuchName(TemplateError):
    """A path leads to nothing."""


@dataclass(frozen=True)
class Template:
    """A path of names and places in lists, and the default that follows `??`."""

    text: str
    path: tuple[str | int, ...]
    default: Any = NOTHING


def parse(text: str, where: str) -> list[str | Template]:
    """The parts of a text in order: literal text and templates. Raises TemplateError."""
    parts: list[str | Template] = []
    end = 0
    for found in TEMPLATE.finditer(text):
        if found[1] is None:
            told = "is not closed; write }} behind the path" if found[0] == "{{" else "closes nothing"
            raise TemplateError(where, f"'{found[0]}' at character {found.start() + 1} {told}.")
        if found.start() > end:
            parts.append(text[end : found.start()])
        parts.append(_template(found[1], where))
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    return parts


def _template(inner: str, where: str) -> Template:
    path, mark, default = inner.partition("??")
    text = path.strip()
    first = FIRST_NAME.match(text)
    if first is None:
        raise TemplateError(where, f"'{{{{{inner[:80]}}}}}' begins with no name. A path is written like inputs.x or steps.a.items[0].b.")
    segments: list[str | int] = [first[0]]
    at = first.end()
    while at < len(text):
        segment = SEGMENT.match(text, at)
        if segment is None:
            raise TemplateError(where, f"'{text[:80]}' cannot be read from character {at + 1} on. A path has .name, [0] or [\"name\"].")
        segments.append(segment[1] or segment[3] if segment[2] is None else int(segment[2]))
        at = segment.end()
    return Template(text, tuple(segments), _default(default.strip(), where) if mark else NOTHING)


def _default(text: str, where: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise TemplateError(where, f"the default '{text[:80]}' is not JSON: a text stands in double quotes, none is null.") from error
    return value


def _refuse(name: str) -> None:
    raise ValueError(name)


def strings(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """The texts within a value, each with its place. Raises TemplateError for a value that is nested too deeply."""
    waiting = [(value, where, 0)]
    while waiting:
        current, at, depth = waiting.pop()
        if depth > DEEPEST:
            raise TemplateError(where, f"it is nested deeper than {DEEPEST} levels.")
        if isinstance(current, str):
            yield at, current
        elif isinstance(current, dict):
            waiting += reversed([(child, _join(at, key), depth + 1) for key, child in current.items()])
        elif isinstance(current, list):
            waiting += reversed([(child, _join(at, number), depth + 1) for number, child in enumerate(current)])


def templates_in(value: Any, where: str) -> Iterator[tuple[str, Template]]:
    """The templates within a value, each with its place. Raises TemplateError."""
    for at, text in strings(value, where):
        for part in parse(text, at):
            if isinstance(part, Template):
                yield at, part


def has_template(value: Any) -> bool:
    """Whether a value, as it was validated, has a template in it."""
    return next(templates_in(value, ""), None) is not None


@dataclass
class Resolver:
    """Resolves templates in the values of a run: `names` has those that a path may begin with.

    `notes` collects what a person should know of it. With `keeps_unknown`, a template whose value is not known yet stays as it is.
    """

    names: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)
    keeps_unknown: bool = False
    bytes_left: int = MOST_BYTES

    def resolve(self, value: Any, where: str) -> Any:
        """A value with its templates resolved. Raises TemplateError."""
        if isinstance(value, str):
            return self._resolve_text(value, where)
        if isinstance(value, dict):
            return {key: self.resolve(child, _join(where, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.resolve(child, _join(where, number)) for number, child in enumerate(value)]
        return value

    def _resolve_text(self, text: str, where: str) -> Any:
        if "{{" not in text and "}}" not in text:
            return text
        parts = parse(text, where)
        values = [part if isinstance(part, str) else self._look_up(part, where) for part in parts]
        return (
            values[0] if len(parts) == 1 else "".join(self._as_text(part, value, where) for part, value in zip(parts, values, strict=True))
        )

    def _look_up(self, template: Template, where: str) -> Any:
        try:
            value = look_up(self.names, template, where)
        except NotKnownYet:
            if not self.keeps_unknown:
                raise
            self.notes.append(f"{where}: {template.text} is known once its step has run.")
            return f"{{{{{template.text}}}}}"
        self.bytes_left -= len(dump(value))
        if self.bytes_left < 0:
            raise TemplateError(where, f"the templates of the step bring in more than {MOST_BYTES:,} bytes.")
        return value

    def _as_text(self, part: str | Template, value: Any, where: str) -> str:
        if value is None:
            assert isinstance(part, Template)
            self.notes.append(f"{where}: {part.text} is null, so its place in the text is empty.")
            return ""
        return value if isinstance(value, str) else dump(value).decode()


class NotKnownYet(TemplateError):
    """The answer of a step that has not run."""


class Unknown:
    """Stands for the answer of a step that has not run."""


def look_up(names: Mapping[str, Any], template: Template, where: str) -> Any:
    """The value of a template. Raises NoSuchName for a path that leads to nothing and has no default.

    Behind null there is null: the answer of a step that was skipped, and what it would have held.
    """
    value: Any = names
    for number, segment in enumerate(template.path):
        if isinstance(value, Unknown):
            raise NotKnownYet(where, f"{template.text} is not known yet.")
        if value is None:
            break
        inner = _within(value, segment)
        if inner is NOTHING:
            if template.default is not NOTHING:
                return template.default
            raise NoSuchName(where, _missing(template, number, value))
        value = inner
    if isinstance(value, Unknown):
        raise NotKnownYet(where, f"{template.text} is not known yet.")
    return template.default if value is None and template.default is not NOTHING else value


def _within(value: Any, segment: str | int) -> Any:
    """What a value has under a name, or at a place; NOTHING where it has nothing there."""
    if isinstance(value, Mapping):
        return value.get(segment, NOTHING)
    if isinstance(value, list) and isinstance(segment, int):
        return value[segment] if segment < len(value) else NOTHING
    return NOTHING


def _missing(template: Template, number: int, value: Any) -> str:
    place = _path_text(template.path[:number]) or "the values of a run"
    segment = template.path[number]
    if isinstance(value, Mapping):
        names = sorted(map(str, value))
        known = ", ".join(names[:LISTED]) + (" and more" if len(names) > LISTED else "") if names else "nothing"
        return f"there is no '{segment}' in {place}; there is {known}."
    if isinstance(value, list):
        kind = f"a list of {len(value)}" if isinstance(segment, int) else "a list, which takes a place like [0]"
        return f"there is no '{segment}' in {place}: it is {kind}."
    return f"there is no '{segment}' in {place}: it is {type_name(value)}."


def type_name(value: Any) -> str:
    """What a value of JSON is, in a word."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    for kind, name in ((int | float, "a number"), (str, "a text"), (list, "a list"), (Mapping, "an object")):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def _path_text(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _join(where: str, key: Any) -> str:
    return f"{where}.{key}" if where else str(key)
