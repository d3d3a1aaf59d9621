"""What a process does not import at its start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kit.paths import ROOT
from kit.providers import KEY
from kit.support import MASTER_KEY, SECRET_KEY

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


ASK = """
import json, os, sys
from app import create_app, start, stop
app = create_app()
start(app)
answer = app.test_client().get("/api/v1/providers", headers={"X-API-Key": os.environ["MASTER_API_KEY"]})
print(json.dumps([[item["name"] for item in answer.json["items"] if item["configured"]], list(sys.modules)]))
stop(app)
"""


def test_telling_of_the_providers_imports_no_client_of_them(tmp_path: Path) -> None:
    providers = {"PRICE_PROVIDERS": "csv_url,tiingo,twelvedata", "CSV_URL_TEMPLATE": "http://127.0.0.1:1/{ticker}.csv"}
    keys = {"TIINGO_API_KEY": KEY, "TWELVEDATA_API_KEY": KEY, "MASTER_API_KEY": MASTER_KEY, "SECRET_KEY": SECRET_KEY}
    own = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "LOAD_SAMPLE": "false", **providers, **keys}
    printed = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=own, timeout=120, check=True, capture_output=True, text=True).stdout
    configured, imported = json.loads(printed.splitlines()[-1])
    assert len(configured) == 3
    assert set(imported) & (RARE - {"flask_openapi3"}) == set()
