"""SQL of the indexes, their rules, levels and rebalancings."""
