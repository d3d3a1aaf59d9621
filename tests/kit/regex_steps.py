r"""Counts the steps of Python's engine for regular expressions, and makes the texts that take most steps.

The engine backtracks without memoization, so a pattern such as `\d+\.?\d*x` takes a number of steps over n digits that grows with n².
`Machine` does the same on the tree into which Python itself parses a pattern, and counts the steps. It raises NotImplementedError for
constructs that it does not support. As in Python, a single character that may repeat is one loop, which backtracks one character at a
time. For a pattern of bytes, the characters of a text are its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from re import _compiler as sre_compiler  # type: ignore[attr-defined]
from re import _constants as sre
from re import _parser as sre_parser
from typing import Any

Node = tuple[Any, Any]
Registers = tuple[int, ...]
SINGLE = (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY)
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
# The characters of generated texts, in addition to those that a pattern names.
ALPHABET = "a0 A.,;-_\"'/\\$:=\n\t\r!~\x00\x7fé\u2028"


class OverBudget(Exception):
    """More steps than are allowed."""


@dataclass(frozen=True)
class Outcome:
    """The number of matches, the end of the last one (-1 for none), and the number of steps."""

    found: int
    end: int
    steps: int


# ---- the machine ------------------------------------------------------------------------------------------------------------------


class Machine:
    """A pattern, compiled to a program for a backtracking machine."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self.is_of_bytes = isinstance(pattern.pattern, bytes)
        # The parser itself sets the flag that a text pattern implies. It accepts only flags that were given.
        self._flags = pattern.flags & ~re.UNICODE
        self._tree = sre_parser.parse(pattern.pattern, self._flags)
        self._program: list[tuple[Any, ...]] = []
        self._registers = 2 * self._tree.state.groups
        self._add_all(self._tree)
        self._program.append(("end",))

    @property
    def tree(self) -> list[Node]:
        """The pattern as Python parses it."""
        return list(self._tree)

    def single(self, node: Node) -> Callable[[str], bool]:
        """A function that returns whether a character matches a node for one character, according to Python itself."""
        tree = sre_parser.SubPattern(self._tree.state, [node])
        compiled = sre_compiler.compile(tree, self._flags)
        return cache(lambda character: compiled.match(character) is not None)

    def run(self, method: str, text: str, budget: int) -> Outcome:
        """Do what this method of a compiled pattern does. Raises OverBudget, and NotImplementedError for an unknown method."""
        self._steps, self._budget = 0, budget
        if method in ("match", "fullmatch"):
            end = self._match(0, text, 0, whole=method == "fullmatch")
            return Outcome(int(end is not None), -1 if end is None else end, self._steps)
        if method not in ("search", "sub", "subn", "split", "findall", "finditer"):
            raise NotImplementedError(f"the method {method}")
        count, last, start, forbidden = 0, -1, 0, -1
        while start <= len(text):
            end = self._match(0, text, start)
            if end is None or end == start == forbidden:
                start += 1
                continue
            count, last = count + 1, end
            if method == "search":
                break
            # An empty match at the end of the previous match does not count.
            forbidden = end
            start = end if end > start else start + 1
        return Outcome(count, last, self._steps)

    # ---- compiling

    def _add_all(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            self._add(node)

    def _add(self, node: Node) -> None:
        kind, value = node
        if kind in SINGLE:
            self._program.append(("character", self.single(node)))
        elif kind is sre.SUBPATTERN:
            group, add_flags, del_flags, inner = value
            if add_flags or del_flags:
                raise NotImplementedError("flags within a pattern")
            self._group(group, inner)
        elif kind is sre.BRANCH:
            self._branch(value[1])
        elif kind in REPEATS:
            self._repeat(kind, *value)
        elif kind is sre.ATOMIC_GROUP:
            self._nested("atomic", value)
        elif kind in (sre.ASSERT, sre.ASSERT_NOT):
            direction, inner = value
            self._nested("if" if kind is sre.ASSERT else "if not", inner, back=inner.getwidth()[0] if direction < 0 else 0)
        elif kind is sre.AT:
            self._program.append(("at", value))
        elif kind is sre.GROUPREF:
            self._program.append(("same", value))
        else:
            raise NotImplementedError(f"{kind} {value}")

    def _group(self, group: int | None, inner: Any) -> None:
        if group is not None:
            self._program.append(("save", 2 * group))
        self._add_all(inner)
        if group is not None:
            self._program.append(("save", 2 * group + 1))

    def _branch(self, alternatives: list[Any]) -> None:
        jumps = []
        for at, alternative in enumerate(alternatives):
            split = len(self._program)
            if at < len(alternatives) - 1:
                self._program.append(())
            self._add_all(alternative)
            if at < len(alternatives) - 1:
                jumps.append(len(self._program))
                self._program.append(())
                self._program[split] = ("split", split + 1, len(self._program))
        for jump in jumps:
            self._program[jump] = ("jump", len(self._program))

    def _repeat(self, kind: Any, least: int, most: Any, item: Any) -> None:
        nodes = list(item)
        if kind is sre.POSSESSIVE_REPEAT:
            self._nested("atomic", [(sre.MAX_REPEAT, (least, most, item))])
            return
        if len(nodes) == 1 and nodes[0][0] in SINGLE and kind is sre.MAX_REPEAT:
            limit = None if most is sre.MAXREPEAT else int(most)
            self._program.append(("run", self.single(nodes[0]), least, limit))
            return
        for _ in range(least):
            self._add_all(nodes)
        if most is sre.MAXREPEAT:
            self._loop(kind, nodes)
        else:
            self._options(kind, nodes, int(most) - least)

    def _loop(self, kind: Any, nodes: list[Node]) -> None:
        mark, self._registers = self._registers, self._registers + 1
        split = len(self._program)
        self._program.append(())
        self._program.append(("save", mark))
        self._add_all(nodes)
        self._program.append(("moved", mark))  # an iteration that matches nothing ends the loop
        self._program.append(("jump", split))
        self._program[split] = self._choice(kind, split + 1, len(self._program))

    def _options(self, kind: Any, nodes: list[Node], count: int) -> None:
        splits = []
        for _ in range(count):
            splits.append(len(self._program))
            self._program.append(())
            self._add_all(nodes)
        for split in splits:
            self._program[split] = self._choice(kind, split + 1, len(self._program))

    def _choice(self, kind: Any, inside: int, after: int) -> tuple[Any, ...]:
        return ("split", inside, after) if kind is sre.MAX_REPEAT else ("split", after, inside)

    def _nested(self, kind: str, nodes: Any, back: int = 0) -> None:
        """Add a nested program, which begins `back` characters before the current place."""
        at = len(self._program)
        self._program.append(())
        self._add_all(nodes)
        self._program.append(("end",))
        self._program[at] = (kind, at + 1, len(self._program), back)

    # ---- running

    def _match(self, begin: int, text: str, start: int, whole: bool = False) -> int | None:  # noqa: PLR0912 — one case per instruction
        """The end of a match at `start`; None without a match. `begin` is the first instruction of the program or of a nested one."""
        program, registers = self._program, (-1,) * self._registers
        # Where to continue after a failure: the instruction, the place, the registers, and the least place of a run that backtracks.
        waiting: list[tuple[int, int, Registers, int]] = [(begin, start, registers, -1)]
        while waiting:
            at, place, registers, least = waiting.pop()
            if least >= 0 and place > least:
                waiting.append((at, place - 1, registers, least))
            while True:
                self._steps += 1
                if self._steps > self._budget:
                    raise OverBudget
                kind, *values = program[at]
                if kind == "character":
                    if place == len(text) or not values[0](text[place]):
                        break
                    place += 1
                elif kind == "run":
                    test, fewest, most = values
                    furthest = len(text) if most is None else min(len(text), place + most)
                    end = place
                    while end < furthest and test(text[end]):
                        end += 1
                    self._steps += end - place
                    if end < place + fewest:
                        break
                    if end > place + fewest:
                        waiting.append((at + 1, end - 1, registers, place + fewest))
                    place = end
                elif kind == "split":
                    waiting.append((values[1], place, registers, -1))
                    at = values[0] - 1
                elif kind == "jump":
                    at = values[0] - 1
                elif kind == "save":
                    registers = (*registers[: values[0]], place, *registers[values[0] + 1 :])
                elif kind == "moved":
                    if registers[values[0]] == place:
                        break
                elif kind == "at":
                    if not self._is_at(values[0], text, place):
                        break
                elif kind == "same":
                    first, last = registers[2 * values[0] : 2 * values[0] + 2]
                    self._steps += max(last - first, 0)
                    if first < 0 or last < 0 or not text.startswith(text[first:last], place):
                        break
                    place += last - first
                elif kind == "end":
                    if whole and place != len(text):
                        break
                    return place
                else:
                    end_of_nested = self._match(values[0], text, place - values[2]) if place >= values[2] else None
                    if (end_of_nested is None) != (kind == "if not"):
                        break
                    if kind == "atomic" and end_of_nested is not None:
                        place = end_of_nested
                    at = values[1] - 1
                at += 1
        return None

    def _is_at(self, kind: Any, text: str, place: int) -> bool:
        if kind in (sre.AT_BEGINNING_STRING, sre.AT_BEGINNING):
            return place == 0 or (kind is sre.AT_BEGINNING and bool(self._flags & re.MULTILINE) and text[place - 1] == "\n")
        if kind is sre.AT_END_STRING:
            return place == len(text)
        if kind is sre.AT_END:
            is_last_line = place == len(text) - 1 and text[place] == "\n"
            return place == len(text) or is_last_line or (bool(self._flags & re.MULTILINE) and text[place] == "\n")
        if kind in (sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY):
            before, after = (0 <= here < len(text) and (text[here].isalnum() or text[here] == "_") for here in (place - 1, place))
            return (before != after) == (kind is sre.AT_BOUNDARY)
        raise NotImplementedError(f"{kind}")


# ---- texts that take most steps ---------------------------------------------------------------------------------------------------


def hostile_texts(machine: Machine) -> list[Callable[[int], str]]:
    """Functions that make a text of a given length: a prefix, a long run that a repetition matches, and an end that makes it fail."""
    singles = [machine.single(node) for node in _singles(machine.tree)]
    alphabet = [one for one in ALPHABET if ord(one) < 256 or not machine.is_of_bytes]
    characters = sorted(dict.fromkeys([*_literals(machine.tree), *alphabet]), key=lambda one: -sum(test(one) for test in singles))
    texts = Texts(machine, characters)
    pieces = [(prefix, unit) for prefix, item in texts.repeats("", machine.tree) for unit in texts.units(item)]
    ends = [*_least_taken(singles, characters)[:3], ""]
    makers = {(prefix, unit, end) for prefix, unit in pieces for end in ends}
    # Repeated prefixes of repetitions: at each of them, a match may begin that fails at the end of the text.
    leads = {prefix + unit for prefix, unit in pieces} | {prefix for prefix, _ in pieces} | {texts.sample(machine.tree)}
    makers |= {("", lead, end) for lead in leads if lead for end in ends[:1]}
    return [_maker(*parts) for parts in sorted(makers)]


def _least_taken(singles: list[Callable[[str], bool]], characters: list[str]) -> list[str]:
    """One character of each class that some part of a pattern does not match. Those that the fewest parts match come first."""
    kinds = {tuple(test(one) for test in singles): one for one in reversed(characters)}
    return [kinds[taken] for taken in sorted(kinds, key=sum) if not all(taken)]


def _maker(prefix: str, unit: str, end: str) -> Callable[[int], str]:
    def make(length: int) -> str:
        middle = length - len(prefix) - len(end)
        return prefix + (unit * (middle // len(unit) + 1))[:middle] + end

    make.__name__ = f"{prefix!r} + n * {unit!r} + {end!r}"
    return make


class Texts:
    """Short texts that match parts of a pattern."""

    def __init__(self, machine: Machine, characters: list[str]) -> None:
        self._machine, self._characters = machine, characters

    def sample(self, nodes: Iterable[Node]) -> str:
        """A short text that matches a sequence of nodes."""
        return "".join(next(iter(self._choices(node))) for node in nodes)

    def repeats(self, prefix: str, nodes: Iterable[Node]) -> Iterator[tuple[str, list[Node]]]:
        """Yield the repeated nodes of each repetition without a small bound, and a text that matches what is before it."""
        for kind, value in nodes:
            if kind in REPEATS:
                if value[1] is sre.MAXREPEAT or value[1] > 16:
                    yield prefix, list(value[2])
                yield from self.repeats(prefix, value[2])
            for inner in _inner(kind, value):
                yield from self.repeats(prefix, inner)
            prefix += self.sample([(kind, value)])

    def units(self, nodes: list[Node]) -> list[str]:
        """Texts for one iteration of a repetition: some that its nodes match, and two of them in turn."""
        some = [""]
        for node in nodes:
            choices = list(islice(self._choices(node), 4))
            some = [*dict.fromkeys([some[0] + choice for choice in choices] + [one + choices[0] for one in some])]
        some = [one for one in some if one][:6]
        return some + ["".join(some[:2])] * (len(some) > 1)

    def _choices(self, node: Node) -> Iterator[str]:
        kind, value = node
        if kind in SINGLE:
            test = self._machine.single(node)
            yield from (one for one in self._characters if test(one))
        elif kind in REPEATS:
            yield self.sample(value[2]) * value[0]
            yield from (unit * max(1, value[0]) for unit in self.units(list(value[2])))
        elif _inner(kind, value):
            for inner in _inner(kind, value):
                yield self.sample(inner)
        else:
            yield ""


def _inner(kind: Any, value: Any) -> list[Any]:
    if kind is sre.SUBPATTERN:
        return [value[3]]
    if kind is sre.ATOMIC_GROUP:
        return [value]
    return list(value[1]) if kind is sre.BRANCH else []


def _singles(nodes: Iterable[Node]) -> Iterator[Node]:
    for kind, value in nodes:
        if kind in SINGLE:
            yield kind, value
        elif kind in REPEATS:
            yield from _singles(value[2])
        for inner in _inner(kind, value):
            yield from _singles(inner)


def _literals(nodes: Iterable[Node]) -> str:
    text = ""
    for kind, value in _singles(nodes):
        parts = value if kind is sre.IN else [(kind, value)]
        text += "".join(chr(part[1]) for part in parts if part[0] in (sre.LITERAL, sre.NOT_LITERAL))
        text += "".join(chr(part[1][0]) for part in parts if part[0] is sre.RANGE)
    return text
