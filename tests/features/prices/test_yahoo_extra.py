"""The provider yahoo is an extra: the service runs without its packages, says so, and the tests of it run beside them."""

from __future__ import annotations

import os
import subprocess
from datetime import date

import pytest
from kit.deploy import missing
from kit.paths import ROOT
from kit.providers import MOMENT, Counter

from features.operations.checks.application import requirements
from features.prices.providers.base import Means
from features.prices.providers.yahoo import Yahoo, is_installed
from models.provider import ProviderError, ProviderFault

PYTHON = ROOT / ".venv-yahoo" / "bin" / "python"


def test_the_provider_through_the_real_library() -> None:
    """In an environment of its own, which has pandas."""
    if not (ROOT / ".venv-yahoo" / ".installed").exists():
        missing("`make .venv-yahoo/.installed` has not been run")
    command = [str(PYTHON), "-m", "pytest", "tests/yahoo", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_", "COV_"))}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]


def test_without_its_packages_a_fetch_says_what_to_install() -> None:
    assert not is_installed(), "pandas is not to be in the environment of the service"
    meter = Counter()
    provider = Yahoo(None, Means(meter, lambda: MOMENT))
    for ask in (lambda: provider.fetch("AAPL", None), lambda: provider.fetch("AAPL", date(2005, 3, 1)), lambda: provider.search("apple")):
        with pytest.raises(ProviderError, match=r"pip install -r requirements-yahoo\.txt") as caught:
            ask()
        assert (caught.value.fault, meter.calls) == (ProviderFault.UNREACHABLE, 0)


def test_its_packages_fit_those_of_the_service() -> None:
    """Both are installed into one environment: what both name, they name in the same version."""
    service, extra = (
        {pin.name: str(pin.specifier) for pin in requirements((ROOT / name).read_text()) if pin.marker is None}
        for name in ("requirements.txt", "requirements-yahoo.txt")
    )
    shared = service.keys() & extra.keys()
    assert "numpy" in shared
    assert {name: service[name] for name in shared} == {name: extra[name] for name in shared}
    assert {"pandas", "yfinance"} & service.keys() == set()
