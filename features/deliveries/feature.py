"""The deliveries feature: channels, and the messages that are sent through them."""

from __future__ import annotations

from features.deliveries.flags import DELIVERIES
from infrastructure.feature import Feature

FEATURE = Feature("deliveries", flags=(DELIVERIES,))
