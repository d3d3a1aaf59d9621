"""What a provider answered, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from features.prices.providers.answers import is_final
from models.corporate_action import CorporateAction
from models.price_series import PackedBars
from models.provider import Fetched
from utils.clock import now

SHOWN = 3  # rows from each end
MOST_ACTIONS = 10  # the newest
_ROW = "{:<12}{:>12}{:>12}{:>12}{:>12}{:>14}{:>16}"


def lines_of(provider: str, ticker: str, fetched: Fetched, told: str | None) -> Iterator[str]:
    """Extent, footing and actions of an answer, and its first and last rows; `told` is what is known of the ticker's exchange."""
    packed = fetched.packed
    if not len(packed):
        yield f"{provider} has no bars of {ticker} since that day."
        return
    yield f"{provider}: {len(packed):,} bars of {ticker}, {packed.first_day()} to {packed.last_day()}."
    state = "final" if is_final(ticker, fetched, told, now()) else "provisional: its day is not over, or was not three hours ago"
    yield f"The newest bar is {state}."
    closes = "with adjusted closes" if fetched.adjusted else "without adjusted closes"
    yield f"Prices {fetched.bases.price.value}, volumes {fetched.bases.volume.value}, {closes}; currency {fetched.currency or 'not told'}."
    if fetched.listing is not None:
        listed = (fetched.listing.name, fetched.listing.exchange, fetched.listing.kind)
        yield f"Listed as: {', '.join(filter(None, listed)) or 'not told'}."
    if fetched.dropped:
        yield f"Rows left out for their faults: {fetched.dropped}."
    if fetched.actions:
        hidden = len(fetched.actions) - MOST_ACTIONS
        shown = ", ".join(map(_action, fetched.actions[-MOST_ACTIONS:]))
        yield f"Actions: {f'{hidden} older ones, ' if hidden > 0 else ''}{shown}."
    yield _ROW.format("day", "open", "high", "low", "close", "adj. close", "volume")
    if len(packed) <= 2 * SHOWN:
        yield from _rows(packed)
    else:
        yield from _rows(packed.rows(0, SHOWN))
        yield "…"
        yield from _rows(packed.rows(len(packed) - SHOWN, len(packed)))


def _rows(packed: PackedBars) -> Iterator[str]:
    for bar in packed:
        numbers = (f"{number:.6g}" for number in (bar.open, bar.high, bar.low, bar.close, bar.adj_close))
        yield _ROW.format(bar.day.isoformat(), *numbers, f"{bar.volume:,.0f}")


def _action(action: CorporateAction) -> str:
    size = f"{action.numerator}:{action.denominator}" if action.numerator else f"{action.amount:g}"
    return f"{action.kind.value} {size} on {action.effective_day}"
