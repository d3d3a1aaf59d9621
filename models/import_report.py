"""What an upload answers: how the file was read, what became of the series, and what it would become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from models.analysis import PriceWarning
from models.footing import Basis


@dataclass(frozen=True)
class Understood:
    """How a price file was read."""

    delimiter: str
    encoding: str
    decimal: str
    dates: str
    columns: dict[str, str]  # the file's name of each of our columns
    ignored: list[str]  # columns that were not read
    order: str


@dataclass(frozen=True)
class Rescaled:
    """What a merge multiplied to bring two histories to one basis: the bars of `series` before a day."""

    series: str  # "stored" or "file"
    before: date
    price: float
    adj_close: float | None
    volume: float
    actions: list[str]


@dataclass(frozen=True)
class FoundSplit:
    """A split that closes beside adjusted closes show: `numerator` new shares for `denominator` old ones, from `day` on."""

    ticker: str
    day: date
    numerator: int
    denominator: int


@dataclass(frozen=True)
class LostDays:
    """How many stored days an upload deletes, the first and the last of them."""

    days: int
    first: date
    last: date


@dataclass(frozen=True)
class PreviewRow:
    """A bar as it would be stored; `adj_close` is null where there is none."""

    day: date
    open: float
    high: float
    low: float
    close: float
    adj_close: float | None
    volume: float


@dataclass(frozen=True)
class Difference:
    """The closes of a day on which the stored series and the file differ."""

    day: date
    stored: float
    file: float


@dataclass(frozen=True)
class Comparison:
    """Closes of the stored series and of the file, as columns of one length; null where there is no bar.

    Of all days that both have, listed here or not: how many there are, on how many the closes differ, and the newest of these.
    """

    dates: list[date]
    stored: list[float | None]
    file: list[float | None]
    common_days: int
    differing_days: int
    last_difference: Difference | None


@dataclass(frozen=True)
class UploadPreview:
    """What a dry run shows: the first and last rows as they would be stored, and old and new closes side by side."""

    first: list[PreviewRow]
    last: list[PreviewRow]
    closes: Comparison


@dataclass(frozen=True)
class ImportReport:
    """The outcome of an upload; `dropped` counts rows that were left out. Only a dry run has a `preview`.

    `splits` are those that the file shows and nobody told of before: holdings count them. `lost` are stored days that the upload deletes.
    `undo` is what takes the upload back: "restore" the former series, "delete" the series where the organization had none, or null where
    the upload changes nothing.
    """

    ticker: str
    bars: int
    first: date
    last: date
    dropped: int
    rescaled: Rescaled | None
    splits: tuple[FoundSplit, ...]
    price_basis: Basis
    volume_basis: Basis
    lost: LostDays | None
    undo: Literal["restore", "delete"] | None
    understood: Understood
    warnings: tuple[PriceWarning, ...]
    preview: UploadPreview | None
