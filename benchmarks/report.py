"""The report in Markdown: a header line and one table per group."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

COLUMNS = ("what", "ours", "peer", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One row of a table: texts with units. `met` is None without a target."""

    what: str
    ours: str
    peer: str = "–"
    ratio: str = "–"
    target: str = "–"
    met: bool | None = None


def head_line() -> str:
    """The day in UTC and the machine."""
    machine = f"{_cpu_model()}, {os.cpu_count()} cores"
    return f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine}, {platform.system()}, Python {platform.python_version()}."


def table(title: str, note: str, rows: Sequence[Row]) -> str:
    """A group's heading, note and table."""
    lines = [f"## {title}", "", note, "", _line(COLUMNS), _line(["---"] * len(COLUMNS))]
    for row in rows:
        met = "–" if row.met is None else "yes" if row.met else "**no**"
        lines.append(_line([row.what, row.ours, row.peer, row.ratio, row.target, met]))
    return "\n".join(lines) + "\n"


def milliseconds(seconds: float) -> str:
    """Seconds as milliseconds, to two or three figures."""
    value = 1000 * seconds
    return f"{value:.3f} ms" if value < 1 else f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms"


def times(value: float) -> str:
    """A ratio, to two or three figures."""
    return f"{value:.2f}×" if value < 10 else f"{value:.1f}×" if value < 100 else f"{value:,.0f}×"


def at_most(what: str, ours: float, peer: float, limit: float) -> Row:
    """A row for a time of at most `limit` times the peer's; times in seconds."""
    ratio = ours / peer
    return Row(what, milliseconds(ours), milliseconds(peer), times(ratio), f"≤ {limit:g}×", ratio <= limit)


def within(what: str, ours: float, limit: float) -> Row:
    """A row for a time with a limit; both in seconds."""
    return Row(what, milliseconds(ours), target=f"≤ {1000 * limit:g} ms", met=ours <= limit)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-percent * len(ordered) // 100) - 1)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
