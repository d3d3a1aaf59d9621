"""The prices feature: upload, download and quality of daily prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.prices.flags import UPLOADS
from infrastructure.feature import Feature, Universes

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint

    from infrastructure.foundation import Foundation
    from infrastructure.lifecycle import Step


def _blueprints() -> tuple[Blueprint, ...]:
    from features.prices.routes import action, price, ticker

    return price.blueprint, action.blueprint, ticker.blueprint


def _universes() -> Universes:
    from features.prices.store.series import list_tickers

    return {"all": list_tickers}


def _steps(foundation: Foundation) -> tuple[Step, ...]:
    if not foundation.settings.loads_sample:
        return ()
    from features.prices.providers.sample import SampleProvider
    from features.prices.sample import load_if_empty
    from infrastructure.lifecycle import Step

    return (Step("sample", lambda: load_if_empty(foundation.database, SampleProvider()), is_optional=True),)


def _commands() -> tuple[Command, ...]:
    from features.prices.commands import group

    return (group,)


FEATURE = Feature("prices", blueprints=_blueprints, flags=(UPLOADS,), steps=_steps, universes=_universes, commands=_commands)
