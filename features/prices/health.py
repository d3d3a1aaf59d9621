"""The health check of the providers of prices: which ones give no prices, why and since when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from database import Database
from features.prices.store import provider_state as state_store
from infrastructure.sql.database_clock import database_now
from models.health import Finding, Probe, doubtful, good
from models.provider import ProviderFault
from models.series_fetch import ProviderState

REMEDY = (
    "GET /api/v1/providers tells the last error of each. Stored prices are served meanwhile; failed refreshes can be retried afterwards."
)
KEY_REMEDY = "Put a valid key into the provider's setting where web and workers run, and restart them; then retry the failed refreshes."


def providers_probe(database: Database, names: Sequence[str]) -> Probe:
    """A probe of the configured providers. Not critical: what is stored is served without them."""
    return Probe("providers", lambda: _providers(database, names), REMEDY, is_critical=False, needs=("schema",))


def _providers(database: Database, names: Sequence[str]) -> Finding:
    with database.read() as connection:
        states = {name: state_store.find(connection, name) for name in names}
        moment = database_now(connection)
    failing = {name: state for name, state in states.items() if _is_failing(state)}
    if not failing:
        return good(f"Nothing is known against {' and '.join(names)}.")
    remedy = KEY_REMEDY if any(state.last_fault == ProviderFault.KEY_REFUSED for state in failing.values()) else REMEDY
    return doubtful(" ".join(_sentence(name, state, moment) for name, state in failing.items()), remedy)


def _is_failing(state: ProviderState) -> bool:
    return state.closed_until is not None or (state.failures > 0 and state.last_fault == ProviderFault.KEY_REFUSED)


def _sentence(name: str, state: ProviderState, moment: datetime) -> str:
    success = "and has never brought prices"
    if state.last_success_at is not None:
        success = f"and last brought prices {_ago(moment, state.last_success_at)}"
    return f"{name} has failed {state.failures} times in a row, {success}: {state.last_error}"


def _ago(moment: datetime, before: datetime) -> str:
    minutes = (moment - before).total_seconds() / 60
    return f"{minutes:.0f} minutes ago" if minutes < 120 else f"{minutes / 60:.0f} hours ago"
