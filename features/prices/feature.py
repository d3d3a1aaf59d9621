"""The prices feature: upload, download and quality of daily prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.prices.flags import FETCHES, UPLOADS
from infrastructure.belonging import Belonging, Row
from infrastructure.feature import DAILY, HOURLY, Feature, MaintenanceTask, Universes
from models.price_check import PRICE_CHECK

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint

    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.integration import Connector
    from infrastructure.lifecycle import Step
    from infrastructure.value_lines import LineReaders
    from jobs.kind import JobKind
    from models.health import Probe


def _blueprints() -> tuple[Blueprint, ...]:
    from features.prices.routes import action, check, former, imported, original, price, provider, refresh, ticker, universe

    modules = (price, action, check, former, imported, original, provider, refresh, ticker, universe)
    return tuple(module.blueprint for module in modules)


def _universes() -> Universes:
    from features.prices.store.listing import list_tickers

    return Universes({"all": list_tickers})


def _steps(foundation: Foundation) -> tuple[Step, ...]:
    if not foundation.settings.loads_sample:
        return ()
    from features.prices.providers.sample import SampleProvider
    from features.prices.sample import load_if_empty
    from infrastructure.lifecycle import Step

    return (Step("sample", lambda: load_if_empty(foundation.database, SampleProvider()), is_optional=True),)


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    if not foundation.settings.price_providers:
        return ()
    from features.prices.health import providers_probe

    return (providers_probe(foundation.database, foundation.settings.price_providers),)


def _queue_check(foundation: Foundation) -> None:
    from features.prices.cross_check import queue_check

    queue_check(foundation.database)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.prices.budgets import prune_calls
    from features.prices.events import tell_of_stale_prices
    from features.prices.former import prune_former
    from features.prices.imports import prune_imports
    from features.prices.on_demand import prune_failures

    nightly = MaintenanceTask("queue_price_check", DAILY, lambda: _queue_check(foundation))
    return (
        *((nightly,) if len(foundation.settings.price_providers) > 1 else ()),
        MaintenanceTask("tell_of_stale_prices", HOURLY, lambda: tell_of_stale_prices(foundation.database)),
        MaintenanceTask("prune_former_prices", HOURLY, lambda: prune_former(foundation.database)),
        MaintenanceTask("prune_provider_calls", HOURLY, lambda: prune_calls(foundation.database)),
        MaintenanceTask("prune_fetch_failures", HOURLY, lambda: prune_failures(foundation.database)),
        MaintenanceTask("prune_price_imports", HOURLY, lambda: prune_imports(foundation.database)),
    )


def _kinds(foundation: Foundation) -> tuple[JobKind[Any], ...]:
    from features.prices.kinds import PriceComparison, PriceImport, PriceRefresh
    from features.prices.refreshers import SharedRefresher

    if not foundation.settings.price_providers:
        return (PriceImport(),)  # no process is started for the network
    refresher = SharedRefresher(foundation.settings)
    return PriceImport(), PriceRefresh(refresher), PriceComparison(refresher)


def _commands() -> tuple[Command, ...]:
    from features.prices.commands import group, prices

    return group, prices


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.prices.capabilities import price_capabilities

    return price_capabilities(foundation)


def _connectors(foundation: Foundation) -> tuple[Connector, ...]:
    from features.prices.integrations import provider_connectors

    return provider_connectors(foundation.settings, foundation.database)


def _lines(foundation: Foundation) -> LineReaders:
    from features.prices.lines import ticker_line
    from infrastructure.value_lines import LineKind

    return {LineKind.TICKER: ticker_line}


def _with_bars(row: Row) -> Row:
    """A series with its bars as lists, in place of the packed ones."""
    import math

    from models.price_series import COLUMNS, PackedBars

    packed = PackedBars(bytes(row["data"]))
    bars = {name: [None if math.isnan(value) else value for value in packed.column(name)] for name in COLUMNS}
    return {**row, "data": {"day": packed.days(), **bars}}


_SERIES = ("org_id", "ticker")
BELONGINGS = (
    Belonging("price_import_files", ("import_id", "ticker"), rows=5),
    Belonging("former_series", _SERIES, show=_with_bars, rows=10),
    Belonging("series_fetches", _SERIES),
    Belonging("series_basis", _SERIES),
    Belonging("series_tails", _SERIES, show=_with_bars, rows=20),
    Belonging("recent_closes", _SERIES),
    Belonging("price_series", _SERIES, show=_with_bars, rows=10),
    Belonging("corporate_actions"),
    Belonging("symbols", _SERIES),
    Belonging("universe_items", ("org_id", "universe", "ticker")),
    Belonging("universes", ("org_id", "name")),
)

FEATURE = Feature(
    "prices",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(PRICE_CHECK,),
    flags=(UPLOADS, FETCHES),
    maintenance=_maintenance,
    probes=_probes,
    steps=_steps,
    universes=_universes,
    commands=_commands,
    capabilities=_capabilities,
    connectors=_connectors,
    lines=_lines,
    belongings=BELONGINGS,
)
