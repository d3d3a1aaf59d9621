"""The indexes feature: rule-based indexes, and what is published of them."""
