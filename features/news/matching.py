"""Finds the tickers that an item is about, by declared rules.

- `feed`: the feed is one of a ticker.
- `cash_tag`: $AAPL, in capitals.
- `exchange_tag`: (NASDAQ: AAPL), for the names of exchanges that are known; elsewhere than in the United States the ticker gets its suffix.
- `company_name`: the stored name of a company, in whole words, each with a capital where the name has one. Words such as Inc. may be
  missing, unless one word would be left that is common (data/common_words.txt) or short.

Of several rules for a ticker the first is told.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infrastructure.exchanges import exchange_named, suffixes_of
from infrastructure.market_names import mic_of
from models.news import MatchRule, TickerMatch
from models.ticker import normalize_ticker

COMMON_WORDS = Path(__file__).parents[2] / "data" / "common_words.txt"
MOST_TICKERS = 12  # of an item
MOST_OF_A_NAME = 4  # tickers; a name that more have, such as that of a family of funds, tells none
SHORTEST_WORD = 3  # letters of a name of one word
LONGEST_NAME = 8  # words
UNITED_STATES = ("XNYS", "XNAS")  # whose tickers have no suffix
_CASH_TAG = re.compile(r"(?<![\w$])\$([A-Z][A-Z0-9]{0,9}(?:[.-][A-Z]{1,3})?)(?![\w$])")
_EXCHANGE_TAG = re.compile(r"[(\[]([A-Za-z][A-Za-z ]{1,19}):\s{0,2}([A-Z0-9][A-Z0-9.&-]{0,11})[)\]]")
_WORD = re.compile(r"[^\W_]+(?:[&'’.-][^\W_]+)*")
# The kind of a company, and of its shares.
_LEGAL = {
    *("inc", "incorporated", "corp", "corporation", "co", "company", "companies", "plc", "ltd", "limited", "llc", "lp", "l.p"),
    *("ag", "se", "sa", "s.a", "nv", "n.v", "spa", "s.p.a", "ab", "asa", "oyj", "kgaa"),
    *("holding", "holdings", "group", "trust", "bancorp", "bancshares"),
}
_SHARES = {"class", "common", "stock", "shares", "share", "ordinary", "adr", "ads", "registered", "a", "b", "c"}


@cache
def common_words() -> frozenset[str]:
    """Words that are too common to be taken for a company."""
    lines = (line.partition("#")[0] for line in COMMON_WORDS.read_text(encoding="utf-8").splitlines())
    return frozenset(word for line in lines for word in line.split())


@dataclass(frozen=True)
class _Word:
    plain: str
    has_capital: bool
    start: int
    end: int


def _words(text: str) -> list[_Word]:
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        for ending in ("'s", "’s"):
            word = word.removesuffix(ending)
        found.append(_Word(word.casefold().replace("’", "'"), not word[0].islower(), match.start(), match.start() + len(word)))
    return found


class CompanyNames:
    """The names of companies, to be found in texts."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """From pairs of a ticker and a name."""
        tickers: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self._capitals: dict[tuple[str, ...], tuple[bool, ...]] = {}
        for ticker, name in names:
            for words in _forms(_words(name)):
                key = tuple(word.plain for word in words)
                tickers[key].add(ticker)
                self._capitals.setdefault(key, tuple(word.has_capital for word in words))
        self._tickers = {key: sorted(of) for key, of in tickers.items() if len(of) <= MOST_OF_A_NAME}
        lengths: dict[str, set[int]] = defaultdict(set)
        for key in self._tickers:
            lengths[key[0]].add(len(key))
        self._lengths = {first: sorted(of, reverse=True) for first, of in lengths.items()}

    def find(self, text: str) -> list[tuple[str, str]]:
        """Pairs of a ticker and the words that name it. At each place the longest name counts."""
        found, words, at = [], _words(text), 0
        while at < len(words):
            length = next((each for each in self._lengths.get(words[at].plain, ()) if self._stands(words[at : at + each], each)), 0)
            for ticker in self._tickers[tuple(word.plain for word in words[at : at + length])] if length else ():
                found.append((ticker, text[words[at].start : words[at + length - 1].end]))
            at += length or 1
        return found

    def _stands(self, words: list[_Word], length: int) -> bool:
        key = tuple(word.plain for word in words)
        if len(words) < length or key not in self._tickers:
            return False
        return all(word.has_capital or not capital for word, capital in zip(words, self._capitals[key], strict=True))


def _forms(words: list[_Word]) -> list[list[_Word]]:
    """A name as it stands, and without the words for the kind of company at its end."""
    while words and words[-1].plain in _SHARES and len(words) > 1:
        words = words[:-1]
    if words and words[0].plain == "the":
        words = words[1:]
    short = words
    while len(short) > 1 and short[-1].plain in _LEGAL:
        short = short[:-1]
    if short and short[-1].plain in ("&", "and"):
        short = short[:-1]
    forms = [words] if 2 <= len(words) <= LONGEST_NAME else []
    if len(short) == 1 and (len(short[0].plain) < SHORTEST_WORD or short[0].plain in common_words()):
        return forms
    return [*forms, short] if 1 <= len(short) <= LONGEST_NAME and short not in forms else forms


def find_tickers(title: str, summary: str, own: str | None, names: CompanyNames) -> tuple[TickerMatch, ...]:
    """The tickers of an item, given its texts and the ticker that its feed is of, each once."""
    found = [TickerMatch(own, MatchRule.FEED)] if own is not None else []
    for place, text in (("title", title), ("summary", summary)):
        found += [TickerMatch(match[1], MatchRule.CASH_TAG, match[0], place) for match in _CASH_TAG.finditer(text)]
        for match in _EXCHANGE_TAG.finditer(text):
            ticker = ticker_at(match[1], match[2])
            found += [TickerMatch(ticker, MatchRule.EXCHANGE_TAG, match[0], place)] if ticker is not None else []
        found += [TickerMatch(ticker, MatchRule.COMPANY_NAME, words, place) for ticker, words in names.find(text)]
    order = list(MatchRule)
    first: dict[str, TickerMatch] = {}
    for each in sorted(found, key=lambda one: order.index(one.rule)):
        first.setdefault(each.ticker, each)
    return tuple(first.values())[:MOST_TICKERS]


def ticker_at(market: str, symbol: str) -> str | None:
    """The ticker of a symbol at an exchange, which is told by a name; None where there is no telling."""
    mic = mic_of(market)
    exchange = exchange_named(market) if mic is not None else None
    if exchange is None:
        return None
    suffixes = [] if exchange.mic in UNITED_STATES else suffixes_of(exchange.mic)
    if exchange.mic not in UNITED_STATES and not suffixes:
        return None
    ending = f".{suffixes[0]}" if suffixes and not symbol.endswith(f".{suffixes[0]}") else ""
    try:
        return normalize_ticker(symbol.rstrip(".") + ending)
    except ValueError:
        return None
