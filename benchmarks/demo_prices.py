"""Fills a database with demo tickers, by the product's own command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.servers import ROOT, WITHOUT_PANDAS


def load_demo(url: str, count: int, bars: int) -> None:
    """Load demo tickers into a migrated or new database."""
    with tempfile.TemporaryDirectory(prefix="bellwether-bench-demo-") as folder:
        variables = {
            "DATABASE_URL": url,
            "DATA_DIR": folder,
            "ENVIRONMENT": "development",
            "LOG_LEVEL": "error",
            "PYTHONPATH": WITHOUT_PANDAS,
        }
        command = [str(Path(sys.executable).parent / "flask"), "demo", "load", str(count), "--bars", str(bars)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=True, stdout=subprocess.DEVNULL)
