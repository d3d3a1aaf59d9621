"""The evidence feature: the record of verdicts."""

from __future__ import annotations

from features.evidence.flags import EVIDENCE
from infrastructure.feature import Feature

FEATURE = Feature("evidence", flags=(EVIDENCE,))
