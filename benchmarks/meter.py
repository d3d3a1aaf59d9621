"""Times functions in their own processes, in turns, so that a disturbance of the machine affects all of them alike."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from time import perf_counter
from types import TracebackType

from benchmarks.servers import ROOT, WITHOUT_PANDAS
from infrastructure.linear_algebra import keep_to_one_thread

Contenders = dict[str, Callable[[], object]]  # by name


class Meter:
    """A child process that holds contenders and times one of them for each request.

    It calls `function` of `module` with the arguments to get the contenders. It can import pandas only with `with_pandas`.
    """

    def __init__(self, module: str, function: str, *arguments: str, with_pandas: bool = False) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.meter", module, function, *arguments],
            cwd=ROOT,
            env=os.environ if with_pandas else {**os.environ, "PYTHONPATH": WITHOUT_PANDAS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def time(self, name: str, seconds: float) -> float:
        """The seconds of the median call, over calls for about `seconds` seconds, at least one."""
        self.begin(name, seconds)
        return self.end()

    def begin(self, name: str, seconds: float) -> None:
        """Begin to time a contender; see `time`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name} {seconds}\n")
        self._process.stdin.flush()

    def end(self) -> float:
        """Wait for the contender; returns the seconds of its median call."""
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("a contender could not be timed; the reason is above")
        return float(answer)


def rate_together(meters: Sequence[Meter], name: str, seconds: float) -> float:
    """Calls per second of a contender in several processes at the same time, all together."""
    for meter in meters:
        meter.begin(name, seconds)
    return sum(1 / meter.end() for meter in meters)


def best_of(rounds: int, contests: Iterable[tuple[Meter, str, float]]) -> dict[str, float]:
    """The best round of each contest, in seconds by name; rounds alternate. A contest is a meter, a name, and the seconds of a round."""
    contests = list(contests)
    for meter, name, _ in contests:
        meter.time(name, 0.0)
    taken: dict[str, list[float]] = {name: [] for _, name, _ in contests}
    for _ in range(rounds):
        for meter, name, seconds in contests:
            taken[name].append(meter.time(name, seconds))
    return {name: min(values) for name, values in taken.items()}


def main(module: str, function: str, *arguments: str) -> None:
    """Answer each line `NAME SECONDS` on standard input with the seconds of the median call, until the input ends."""
    # The results go to a private copy of standard output; the output of the contenders goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    keep_to_one_thread()  # as the service does, and all contenders alike
    contenders: Contenders = getattr(importlib.import_module(module), function)(*arguments)
    for line in sys.stdin:
        name, seconds = line.split()
        print(_median_call(contenders[name], float(seconds)), file=answers, flush=True)


def _median_call(call: Callable[[], object], seconds: float) -> float:
    durations: list[float] = []
    stops_at = perf_counter() + seconds
    while not durations or perf_counter() < stops_at:
        started = perf_counter()
        call()
        durations.append(perf_counter() - started)
    return median(durations)


if __name__ == "__main__":
    main(*sys.argv[1:])
