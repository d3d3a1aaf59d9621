"""What providers answer, checked by the rules for uploaded files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from features.prices.files.reader import ParsedFile, ReadOptions, read_columns
from features.prices.latest_day import latest_day
from infrastructure.exchanges import settling_exchange
from models.price_errors import PriceQuality
from models.provider import Fetched, ProviderError, ProviderFault

LARGEST_TERM = 1_000  # of a split, as 1:190 or 1001:1000
MOST_PAID = 1e9  # a share, in any currency


def read_rows(provider: str, ticker: str, columns: Mapping[str, Sequence[str]], moment: datetime) -> ParsedFile:
    """The bars of an answer's columns, named as our own. Up to a tenth of the rows are left out for their faults. Raises ProviderError."""
    options = ReadOptions(latest_day=latest_day(ticker, moment), leave_out_bad_rows=True)
    try:
        return read_columns(columns, options)
    except PriceQuality as error:
        problem = error.problems[0]
        place = f"row {problem.line - 1}" if problem.column is None else f"row {problem.line - 1}, {problem.column}"
        message = f"{provider} answered with prices that cannot be: {place}: {problem.message}"
        raise ProviderError(ProviderFault.BAD_ANSWER, message) from error


def is_final(ticker: str, fetched: Fetched, told: str | None, moment: datetime) -> bool:
    """Whether the newest bar of an answer is of a day whose exchange closed three hours ago, where the provider does not know better.

    `told` is what the ticker's exchange is told to be, where the answer does not tell.
    """
    if fetched.is_final is not None:
        return fetched.is_final
    listed = fetched.listing.exchange if fetched.listing is not None else None
    return fetched.packed.last_day() <= settling_exchange(ticker, listed or told).newest_final_day(moment)


def split_of_factor(factor: float) -> tuple[int, int] | None:
    """The numerator and denominator of a split factor; None for one that is none."""
    if not 1e-4 < factor < 1e4 or factor == 1:
        return None
    split = Fraction(factor).limit_denominator(LARGEST_TERM)
    return (split.numerator, split.denominator) if split.numerator > 0 else None
