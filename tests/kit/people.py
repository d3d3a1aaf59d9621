"""Helpers of the browser tests: people with an account at a site, and how they sign in."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.browser import PATIENCE, Site, settled
from kit.paths import ROOT
from kit.support import MASTER_KEY, SECRET_KEY

PASSWORD = "four plain words here"


@dataclass(frozen=True)
class Somebody:
    """Somebody with an account."""

    email: str
    password: str = PASSWORD


def create_admin(site: Site, email: str) -> Somebody:
    """Make an administrator from the terminal, as whoever runs the service does."""
    flask(site, "create-admin", email, "--password", PASSWORD)
    return Somebody(email)


def flask(site: Site, *arguments: str) -> str:
    """What a terminal command says about the data of a site."""
    variables = {"PATH": os.environ["PATH"], "DATA_DIR": str(site.log_path.parent / "var")}
    variables |= {"MASTER_API_KEY": MASTER_KEY, "SECRET_KEY": SECRET_KEY}
    command = [str(Path(sys.executable).with_name("flask")), *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True, timeout=PATIENCE // 1000).stdout


def sign_in_as(page: Any, site: Site, somebody: Somebody, path: str = "/account") -> None:
    """Sign in by the form, and open a page."""
    page.goto(site.url(f"/login?next={path}"))
    page.get_by_label("E-mail address").fill(somebody.email)
    page.get_by_label("Password", exact=True).fill(somebody.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(site.url(path))
    settled(page)
