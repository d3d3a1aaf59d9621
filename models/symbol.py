"""What is known of a ticker beside its prices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What a ticker stands for; None where that is not known.

    `exchange` is a market identifier code where it is known, else the source's own name; `kind` is stock, etf, … in the source's word.
    """

    name: str | None = None
    exchange: str | None = None
    currency: str | None = None
    kind: str | None = None
    sector: str | None = None

    def or_else(self, other: Facts) -> Facts:
        """These facts, and those of the other where they are not known."""
        return Facts(*(theirs if ours is None else ours for ours, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))


NOTHING_KNOWN = Facts()
