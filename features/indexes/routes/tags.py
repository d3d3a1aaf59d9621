"""The section of the OpenAPI document."""

from api.blueprint import Tag

INDEXES = Tag("Indexes", "Rule-based indexes: members, weights and caps as rules, levels by day, and a ledger of rebalancings.")
