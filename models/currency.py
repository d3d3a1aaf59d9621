"""Currencies: three letters as in ISO 4217, and the hundredths in which some exchanges quote prices."""

from __future__ import annotations

import re

EUR = "EUR"
# What a price is told in, by which currency it is and how many of it make one. Case matters: GBp is a penny, GBP a pound.
MINOR_UNITS = {"GBp": ("GBP", 100), "GBX": ("GBP", 100), "ZAc": ("ZAR", 100), "ILA": ("ILS", 100)}
CURRENCY_PATTERN = r"^[A-Za-z]{3}$"
_LETTERS = re.compile(r"[A-Z]{3}", re.ASCII)


def checked_currency(text: str) -> str:
    """A currency in capitals, or a minor unit as it is written: usd is USD, GBp stays GBp. Raises ValueError for what is none."""
    code = text.strip()
    if code in MINOR_UNITS:
        return code
    code = code.upper()
    if not _LETTERS.fullmatch(code):
        raise ValueError("A currency has three letters, as in USD; pence are GBp or GBX, cents ZAc, agorot ILA.")
    return code


def major_of(currency: str) -> tuple[str, int]:
    """The currency that a unit is of, and how many of the unit make one: 100 GBp are 1 GBP, and 1 USD is 1 USD."""
    return MINOR_UNITS.get(currency, (currency, 1))
