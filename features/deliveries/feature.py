"""The deliveries feature: channels, and the messages that are sent through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.deliveries.flags import DELIVERIES
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from features.deliveries.courier import Courier
    from features.deliveries.kinds import Deliveries
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation

DUE_SECONDS = 2.0
LOST_SECONDS = 30.0


def _kinds(foundation: Foundation) -> tuple[Deliveries, ...]:
    from features.deliveries.kinds import Deliveries

    def make_courier() -> Courier:
        from features.deliveries.courier import Courier

        return Courier.of(foundation.settings, lambda: foundation.flags.is_enabled(DELIVERIES))

    return (Deliveries(make_courier),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.deliveries.ledger import Ledger
    from features.deliveries.upkeep import prune_deliveries, queue_due, recover_lost

    database, flags = foundation.database, foundation.flags

    def queue() -> None:
        if flags.is_enabled(DELIVERIES):
            queue_due(database)

    return (
        MaintenanceTask("queue_deliveries", DUE_SECONDS, queue),
        MaintenanceTask("recover_deliveries", LOST_SECONDS, lambda: recover_lost(database, Ledger())),
        MaintenanceTask("prune_deliveries", HOURLY, lambda: prune_deliveries(database)),
    )


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.deliveries.change_capabilities import change_capabilities

    return change_capabilities(foundation)


FEATURE = Feature("deliveries", kinds=_kinds, flags=(DELIVERIES,), maintenance=_maintenance, capabilities=_capabilities)
