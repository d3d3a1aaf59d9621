"""`make check-client`: generates a Python client from the OpenAPI document, and checks that nothing of the API is missing in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from app import create_app
from config import Settings

NUMBERED = re.compile(r"_type_\d|\d$")
UNTYPED = re.compile(r"response_\d+ = (cast\(Any, )?response\.json\(\)")


def read_document() -> dict[str, Any]:
    """The OpenAPI document of this version."""
    with tempfile.TemporaryDirectory(prefix="bellwether-document-") as folder:
        database_url = f"sqlite:///{folder}/unused.db"
        settings = Settings.load(environment_given="test", database_url=database_url, data_dir=Path(folder), log_level="error")
        document: dict[str, Any] = json.loads(create_app(settings).openapi_document())
    return document


def generate_client(document: dict[str, Any], package: Path) -> list[str]:
    """Generate the client's package in the new folder `package`. Returns what is wrong with it."""
    source = package.with_name(f"{package.name}.json")
    source.write_text(json.dumps(document))
    tools = Path(sys.executable).parent  # with ruff, which formats the package
    # A line of its report is broken at the width of the terminal.
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
    program = str(tools / "openapi-python-client")
    command = [program, "generate", "--path", str(source), "--output-path", str(package), "--meta", "none", "--fail-on-warning"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if run.returncode != 0:
        return [run.stdout + run.stderr]
    return _faults(document, package)


def _faults(document: dict[str, Any], package: Path) -> list[str]:
    operations = {entry["operationId"] for path in document["paths"].values() for entry in path.values()}
    modules = {file.stem: file for file in (package / "api").glob("*/*.py") if file.stem != "__init__"}
    faults = [f"The operation {name} is missing in the client." for name in sorted(operations - modules.keys())]
    faults += [f"The client has {name}, which is no operation." for name in sorted(modules.keys() - operations)]
    faults += [f"The operation {name} has an answer without a type." for name, file in modules.items() if UNTYPED.search(file.read_text())]
    models = sorted(file.stem for file in (package / "models").glob("*.py"))
    return faults + [f"The model {name} is numbered: name its part of the schema." for name in models if NUMBERED.search(name)]


def main() -> int:
    """Check the client. Returns 0, or 1 with the faults on stderr."""
    with tempfile.TemporaryDirectory(prefix="bellwether-client-") as folder:
        faults = generate_client(read_document(), Path(folder, "bellwether_client"))
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
