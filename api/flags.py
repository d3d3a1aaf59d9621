"""Checks of feature flags for routes, by the organization of the caller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from api.authentication import org_id
from api.services import services
from models.feature_flag import Flag


def require_flag(flag: Flag) -> None:
    """Refuse the request while a flag is off. Raises FeatureDisabled."""
    services().flags.require(flag, org_id())


def flag_check(flag: Flag) -> Callable[[], bool]:
    """A function that returns whether a flag is on, for streams that outlive their request."""
    return partial(services().flags.is_enabled, flag, org_id())
