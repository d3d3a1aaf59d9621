"""Checks of stored prices before they are used."""

from __future__ import annotations

from datetime import date

from analysis.bars import Bars, adjusted_bars
from analysis.quality import is_sound
from features.prices.providers import demo
from models.analysis import PriceWarning
from models.price_errors import PricesDamaged
from models.price_series import BYTES_PER_BAR, PackedBars, SeriesHead, digest_of

_BY_PROVIDER = {
    demo.NAME: (PriceWarning("demo", "These prices are made up, for trying the service out: they are a random walk, no market."),),
}


def provider_warnings(provider: str) -> tuple[PriceWarning, ...]:
    """The warnings about a provider's prices."""
    return _BY_PROVIDER.get(provider, ())


def check_whole(head: SeriesHead, packed: PackedBars) -> None:
    """Refuse stored bars of which a part is missing. Raises PricesDamaged."""
    if not is_whole(head, packed):
        raise PricesDamaged(head.ticker)


def is_whole(head: SeriesHead, packed: PackedBars) -> bool:
    """Whether the stored bytes are as many as the bars of the series need."""
    return len(packed.data) == head.bars * BYTES_PER_BAR


def cut_series(head: SeriesHead, packed: PackedBars, end: date | None) -> tuple[str, PackedBars]:
    """The bars of a whole stored series up to a day, and their digest. Raises PricesDamaged when some are missing."""
    check_whole(head, packed)
    used = packed.between(end=end)
    return (head.sha256 if len(used) == head.bars else digest_of(used, head.steps)), used


def sound_bars(head: SeriesHead, packed: PackedBars) -> Bars:
    """A whole stored series, adjusted as for an analysis. Raises PricesDamaged when its data are incomplete or not plausible."""
    check_whole(head, packed)
    if not is_sound(packed, head.adjusted):
        raise PricesDamaged(head.ticker)
    return adjusted_bars(packed, head.adjusted, head.steps)
