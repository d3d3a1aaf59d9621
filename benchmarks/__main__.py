"""`python -m benchmarks [GROUP …]`: measure and print Markdown; all groups unless some are named."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from time import perf_counter

from benchmarks.report import head_line, table
from benchmarks.servers import Servers
from infrastructure.linear_algebra import keep_to_one_thread
from utils.logger import configure_logging

# Group: the modules that measure it, each with TITLE, NOTE and measure(servers).
GROUPS = {
    "engine": ("engine",),
    "store": ("store",),
    "http": ("requests_per_second", "analyze_latency", "protection", "cache"),
    "accounts": ("accounts",),
    "risk": ("risk",),
    "portfolio": ("portfolio", "ledger"),
    "index": ("index",),
    "evidence": ("evidence", "evidence_http", "calibration"),
    "jobs": ("bulk", "bulk_steps", "bulk_memory", "bulk_peers", "empty_jobs"),
    "prices": ("refresh",),
    "evening": ("evening",),
    "memory": ("memory",),
    "history": ("history",),
    "dashboard": ("overview", "watchers", "browser"),
}


def main(arguments: list[str]) -> int:
    """Measure the groups in turn; return 0, or 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the service beside its peers.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all unless given")
    groups = list(dict.fromkeys(parser.parse_args(arguments).groups)) or list(GROUPS)
    unknown = set(groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    keep_to_one_thread()  # as the service does
    configure_logging("error", as_json=False)  # of what is measured in this process: the tables go to the same output
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(head_line(), end="\n\n", flush=True)
    started = perf_counter()
    try:
        with Servers() as servers:
            for group in groups:
                for name in GROUPS[group]:
                    _run(name, servers)
    except KeyboardInterrupt:
        print("Interrupted; everything that was started has been ended.", file=sys.stderr)
        return 130
    print(f"{perf_counter() - started:.0f} s in all.", file=sys.stderr)
    return 0


def _run(name: str, servers: Servers) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    print(f"measuring: {module.TITLE} …", file=sys.stderr, flush=True)
    started = perf_counter()
    try:
        rows = module.measure(servers)
    finally:
        servers.stop_all()
    print(f"{perf_counter() - started:.0f} s", file=sys.stderr)
    print(table(module.TITLE, module.NOTE, rows), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
