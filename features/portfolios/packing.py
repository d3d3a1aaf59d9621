"""Pricing packs: what an answer was computed from, as lines of values by day that are kept, and the same again from what is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from analysis.bars import FloatArray
from analysis.held import Days, HeldCloses
from features.currencies.service import RateLine
from features.portfolios.sources import Sources
from infrastructure.value_lines import LineKind, ValueLine
from models.corporate_action import Split
from utils.json_text import dump, parse_tolerant

CLOSES, RATES, BENCHMARK = "closes", "rates", "benchmark"
PART = 512  # rows
_BYTES = 8
_NO_DAYS: Days = np.array([], "datetime64[D]")
_NO_VALUES: FloatArray = np.array([])


@dataclass(frozen=True, eq=False)
class PricedLine:
    """Values by day under a name, and what else is needed of them: `head` is JSON. `quoted` are the days that rates are of."""

    kind: str
    name: str
    head: str
    days: Days
    values: FloatArray
    quoted: Days | None = None

    def __len__(self) -> int:
        return len(self.days)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of kind, name, head and rows: each text with a line feed behind it, then the columns as they are stored."""
        return hashlib.sha256(f"{self.kind}\n{self.name}\n{self.head}\n".encode() + self.rows(0, len(self))).hexdigest()

    @property
    def last(self) -> tuple[str | None, float | None]:
        """The last day, and the value then."""
        return (str(self.days[-1]), float(self.values[-1])) if len(self) else (None, None)

    def until(self, rows: int) -> PricedLine:
        """The first rows."""
        return replace(self, days=self.days[:rows], values=self.values[:rows], quoted=None if self.quoted is None else self.quoted[:rows])

    def rows(self, first: int, end: int) -> bytes:
        """Some rows as they are stored: the days, the values, and the days that rates are of."""
        columns = [self.days[first:end].astype("<i8").tobytes(), self.values[first:end].astype("<f8").tobytes()]
        if self.quoted is not None:
            columns.append(self.quoted[first:end].astype("<i8").tobytes())
        return b"".join(columns)

    def parts(self, since: int) -> Iterable[tuple[int, bytes]]:
        """The parts that have rows from one on, each with its number."""
        for part in range(since // PART, -(-len(self) // PART)):
            yield part, self.rows(part * PART, min((part + 1) * PART, len(self)))

    @classmethod
    def of_parts(cls, names: tuple[str, str, str], parts: Sequence[bytes], rows: int) -> PricedLine:
        """A line from its kind, name and head, and its parts."""
        is_quoted = names[0] == RATES
        columns = 3 if is_quoted else 2
        read: list[list[np.ndarray[Any, Any]]] = [[] for _ in range(columns)]
        for part in parts:
            count = len(part) // (columns * _BYTES)
            for at, column in enumerate(read):
                taken = part[at * count * _BYTES : (at + 1) * count * _BYTES]
                column.append(np.frombuffer(taken, "<f8" if at == 1 else "<i8"))
        whole = [np.concatenate(column)[:rows] if column else np.array([], "<f8" if at == 1 else "<i8") for at, column in enumerate(read)]
        days = [column.astype(np.int64).view("datetime64[D]") for at, column in enumerate(whole) if at != 1]
        return cls(*names, days[0], whole[1].astype(np.float64), days[1] if is_quoted else None)


@dataclass(frozen=True)
class Pack:
    """The prices and rates of an answer, whose values end with a day."""

    day: date
    lines: tuple[PricedLine, ...]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the day and, ascending, of each line's kind, name, digest and last value, each text with a line feed behind it."""
        told = [str(self.day), *(f"{line.kind}\n{line.name}\n{line.digest}\n{line.last[1]!r}" for line in self.lines)]
        return hashlib.sha256("".join(f"{text}\n" for text in told).encode()).hexdigest()

    @cached_property
    def covers(self) -> str:
        """The SHA-256 of the kinds and names of its lines."""
        return hashlib.sha256("".join(f"{line.kind}\n{line.name}\n" for line in self.lines).encode()).hexdigest()


@dataclass(frozen=True)
class NoLine:
    """A benchmark without values, and why it has none."""

    reference: str
    reason: str


def pack_of(day: date, sources: Sources, benchmark: ValueLine | NoLine | None) -> Pack:
    """The pack of what an answer is computed from; made once for the same sources and the same benchmark.

    What was looked for and is not there has a line without rows.
    """
    told = (
        benchmark if not isinstance(benchmark, ValueLine) else (benchmark.reference, benchmark.digest, benchmark.name, benchmark.currency)
    )
    key = (day, told)
    made: Pack | None = sources.packs.get(key)
    if made is not None:
        return made
    closes: list[PricedLine] = sources.lines[:]
    if not closes:
        known = ((ticker, sources.held.get(ticker), sources.reported.get(ticker, ())) for ticker in sources.tickers)
        closes = [_of_closes(*each) for each in known]
        sources.lines[:] = closes  # at once: other threads may be here as well
    rated = [_of_rates(name, sources.base_currency, sources.rates.get(name)) for name in (*sources.rates, *sources.unrated)]
    lines = [*closes, *rated]
    if benchmark is not None:
        lines.append(_of_benchmark(benchmark))
    made = Pack(day, tuple(sorted(lines, key=lambda line: (line.kind, line.name))))
    sources.packs.clear()
    sources.packs[key] = made
    return made


def unpacked(lines: Iterable[PricedLine], base_currency: str) -> tuple[Sources, ValueLine | NoLine | None]:
    """The sources and the benchmark that a pack was made of."""
    tickers: list[str] = []
    held: dict[str, HeldCloses] = {}
    reported: dict[str, tuple[Split, ...]] = {}
    rates: dict[str, RateLine] = {}
    unrated: set[str] = set()
    benchmark: ValueLine | NoLine | None = None
    for line in lines:
        head = parse_tolerant(line.head)
        if line.kind == CLOSES:
            tickers.append(line.name)
            splits = tuple(Split(date.fromisoformat(day), numerator, denominator) for day, numerator, denominator in head["splits"])
            if splits:
                reported[line.name] = splits
            if head["traded"] is not None:
                held[line.name] = HeldCloses(line.name, head["currency"], None, line.days, line.values, head["traded"], splits)
        elif line.kind == RATES:
            base, quote = line.name.split("/")
            if quote == base_currency and not len(line) and head["fixed"] is None:
                unrated.add(base)
            elif quote == base_currency and line.quoted is not None:
                rates[base] = RateLine(base, quote, line.days, line.values, line.quoted, (), "", head["fixed"])
        elif not len(line):
            benchmark = NoLine(line.name, head["missing"])
        else:
            told = (LineKind(head["kind"]), head["name"], head["currency"])
            benchmark = ValueLine(line.name, *told, line.days, line.values, head["adjusted"], "")
    return Sources(base_currency, tuple(tickers), held, reported, rates, "", {}, frozenset(unrated)), benchmark


def _of_closes(ticker: str, held: HeldCloses | None, splits: Sequence[Split]) -> PricedLine:
    told = [(str(split.day), split.numerator, split.denominator) for split in splits]
    head = {"currency": held and held.currency, "splits": told, "traded": None if held is None else held.is_traded}
    days, values = (_NO_DAYS, _NO_VALUES) if held is None else (held.days, held.delivered)
    return PricedLine(CLOSES, ticker, dump(head).decode(), days, values)


def _of_rates(base: str, quote: str, line: RateLine | None) -> PricedLine:
    if line is None:
        return PricedLine(RATES, f"{base}/{quote}", dump({"fixed": None}).decode(), _NO_DAYS, _NO_VALUES, _NO_DAYS)
    return PricedLine(RATES, f"{base}/{quote}", dump({"fixed": line.fixed}).decode(), line.days, line.values, line.quoted)


def _of_benchmark(line: ValueLine | NoLine) -> PricedLine:
    if isinstance(line, NoLine):
        return PricedLine(BENCHMARK, line.reference, dump({"missing": line.reason}).decode(), _NO_DAYS, _NO_VALUES)
    head = {"adjusted": line.adjusted, "currency": line.currency, "kind": str(line.kind), "name": line.name}
    return PricedLine(BENCHMARK, line.reference, dump(head).decode(), line.days, line.values)
