"""Helpers of the tests of deploy/: tools that may be missing, and a real nginx in front of a real gunicorn."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from config import Settings, variable_names
from kit.paths import ROOT
from kit.servers import KEY, Server, free_port, wait_until

DEPLOY = ROOT / "deploy"
HOST = "bellwether.example"


def tool(*names: str) -> str:
    """The path of the first of these programs that is installed. Without one, the test is skipped, or fails where tools are required."""
    paths = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    program = next((path for name in names if (path := shutil.which(name, path=paths))), None)
    return program or missing(f"{' or '.join(names)} is not installed")


def missing(why: str) -> str:
    """Skip the test, or fail where all tools are required (`.ci/run`)."""
    if os.environ.get("BELLWETHER_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{why}, and BELLWETHER_REQUIRE_TOOLS is set")
    pytest.skip(why)


class Nginx:
    """An nginx with deploy/nginx/bellwether.conf. Only the addresses, the certificate and the path of the log are replaced."""

    def __init__(self, upstream: Server, folder: Path) -> None:
        program, self.port, plain = tool("nginx"), free_port(), free_port()
        folder.mkdir()
        self.certificate, key = folder / "cert.pem", folder / "key.pem"
        options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"]
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run([tool("openssl"), "req", *options, *names, *files], check=True, capture_output=True)
        site = (DEPLOY / "nginx" / "bellwether.conf").read_text()
        for theirs, ours in (
            ("listen [::]:", "# listen [::]:"),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
            ("listen 80;", f"listen 127.0.0.1:{plain};"),
            ("127.0.0.1:8000", f"127.0.0.1:{upstream.port}"),
            (f"/etc/letsencrypt/live/{HOST}/fullchain.pem", str(self.certificate)),
            (f"/etc/letsencrypt/live/{HOST}/privkey.pem", str(key)),
            ("/var/log/nginx/bellwether.log", str(folder / "access.log")),
        ):
            assert theirs in site, f"{theirs} is not in the configuration any more"
            site = site.replace(theirs, ours)
        (folder / "site.conf").write_text(site)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
        account = "user root;" if os.geteuid() == 0 else ""  # otherwise its workers are not root, and cannot read the test's folder
        main = f"{account} daemon off; worker_processes 1; pid {folder / 'pid'}; error_log {folder / 'error.log'};\n"
        main += f"events {{}}\nhttp {{\n{places}include {folder / 'site.conf'};\n}}\n"
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(main)
        self.command = [program, "-p", str(folder), "-c", str(self.configuration)]
        self.access_log, self.error_log, self.plain = folder / "access.log", folder / "error.log", plain
        self.process: subprocess.Popen[bytes] | None = None

    def check(self) -> subprocess.CompletedProcess[str]:
        """Run `nginx -t`, which checks the configuration."""
        return subprocess.run([*self.command, "-t"], capture_output=True, text=True, timeout=60, check=False)

    def start(self) -> None:
        checked = self.check()
        assert checked.returncode == 0, checked.stderr
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers)

    def end(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.port}{path}"

    def ask(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        """Send a request through nginx, over verified TLS."""
        headers = {**KEY, "Host": HOST, **more.pop("headers", {})}
        return requests.request(method, self.url(path), headers=headers, verify=str(self.certificate), timeout=60, **more)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.error_log.read_text()
        try:
            return self.ask("/health/live").status_code in (200, 502)
        except requests.ConnectionError:
            return False


def default_of(variable: str) -> float:
    """The default of the setting of an environment variable."""
    field = next(name for name in Settings.model_fields if variable in variable_names(name))
    return float(Settings.model_fields[field].default)
