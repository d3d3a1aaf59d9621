"""What a process does not import at its start."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from kit.paths import ROOT

# Imported at the first use, because most processes never use them.
RARE = {
    "celery",
    "curl_cffi",
    "flask_cors",
    "flask_openapi3",
    "httpx",
    "packaging",
    "psycopg2",
    "redis",
    "sentry_sdk",
    "simple_websocket",
    "xlsxwriter",
    "yfinance",
}


@pytest.mark.parametrize(
    ("module", "absent"),
    [("wsgi", RARE), ("worker", RARE | {"flask", "numpy"}), ("db_migrations", RARE | {"flask", "numpy", "prometheus_client"})],
)
def test_a_start_imports_nothing_that_is_rarely_used(module: str, absent: set[str]) -> None:
    code = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True, capture_output=True, text=True).stdout
    imported = set(json.loads(printed))
    assert module in imported
    assert absent & imported == set()
