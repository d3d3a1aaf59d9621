"""The health check of providers: which one gives no prices, why and since when."""

from __future__ import annotations

import pytest
from kit.databases import Backend

import database
from features.prices.circuit import FAILURES, Circuit, Passed
from features.prices.health import providers_probe
from infrastructure.check_runner import CheckRunner
from models.health import Check, Probe, good
from models.provider import ProviderError, ProviderFault
from models.series_fetch import ProviderState
from utils.clock import now


def checked() -> Check:
    probes = Probe("schema", lambda: good("Current."), ""), providers_probe(database.current(), ("tiingo", "yahoo"))
    return {check.name: check for check in CheckRunner(probes, 60.0).report().checks}["providers"]


def fail(circuit: Circuit, fault: ProviderFault, times: int) -> None:
    for _ in range(times):
        circuit.failed(ProviderError(fault, "Tiingo does not answer."))


@pytest.mark.parametrize(
    ("fault", "times", "state"),
    [
        pytest.param(ProviderFault.UNREACHABLE, FAILURES - 1, "ok", id="not for long"),
        pytest.param(ProviderFault.UNREACHABLE, FAILURES, "warning", id="left alone"),
        pytest.param(ProviderFault.KEY_REFUSED, 1, "warning", id="a refused key"),
        pytest.param(ProviderFault.EXHAUSTED, 9, "ok", id="its calls are used up"),
        pytest.param(ProviderFault.UNKNOWN_TICKER, 9, "ok", id="tickers that it does not have"),
    ],
)
def test_a_provider_that_gives_no_prices(backend: Backend, fault: ProviderFault, times: int, state: str) -> None:
    assert checked().state == "ok"
    circuit = Circuit(database.current(), "tiingo")
    fail(circuit, fault, times)
    found = checked()
    assert (found.state, "Tiingo does not answer." in found.found, "never brought" in found.found) == (state, *[state == "warning"] * 2)
    assert ("restart" in str(found.remedy)) == (fault is ProviderFault.KEY_REFUSED)
    circuit.succeeded(Passed(ProviderState(failures=times), now()))
    assert checked().state == "ok"
    fail(circuit, ProviderFault.UNREACHABLE, FAILURES)
    assert "last brought prices 0 minutes ago" in checked().found
