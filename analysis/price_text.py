"""A price as the sentences of a result show it."""


def price_text(value: float) -> str:
    """Two decimals from 1 up; four significant digits below. Only sentences round; no decision uses a rounded number."""
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
