"""The SQL of alerts: rules, where each stands with each ticker, and the inbox."""
