"""The rules by which an item is about a ticker."""

from __future__ import annotations

import pytest
from kit.growth import check_growth

from features.news.matching import MOST_TICKERS, CompanyNames, common_words, find_tickers, ticker_at
from features.news.sentiment import declared_words, sentiment_of
from models.news import MatchRule

NAMES = CompanyNames(
    [
        ("AAPL", "Apple Inc."),
        ("AMZN", "Amazon.com, Inc."),
        ("BBY", "Best Buy Co., Inc."),
        ("BRK.B", "Berkshire Hathaway Inc. Class B"),
        ("GOOG", "Alphabet Inc. Class C"),
        ("GOOGL", "Alphabet Inc. Class A"),
        ("GS", "The Goldman Sachs Group, Inc."),
        ("HP", "HP Inc."),
        ("IBM", "International Business Machines Corporation"),
        ("KO", "The Coca-Cola Company"),
        ("MCD", "McDonald's Corporation"),
        ("MSFT", "Microsoft Corporation"),
        ("SAP.DE", "SAP SE"),
        ("T", "AT&T Inc."),
        ("V", "Visa Inc."),
        *((f"FUND{number}", "Vanguard Index") for number in range(9)),
    ]
)


def found(title: str, summary: str = "", own: str | None = None) -> list[tuple[str, str, str | None]]:
    return [(match.ticker, match.rule.value, match.matched) for match in find_tickers(title, summary, own, NAMES)]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Apple Inc. beats", [("AAPL", "company_name", "Apple Inc")]),
        ("Apple pie for all", []),
        ("An APPLE a day", []),
        ("Visa rules for travellers", []),
        ("Microsoft's cloud grows", [("MSFT", "company_name", "Microsoft")]),
        ("MICROSOFT CORP RISES", [("MSFT", "company_name", "MICROSOFT")]),
        ("a microsoft of its own", []),
        ("Macrosoft and Microsofties", []),
        ("The best buy of the week", []),
        ("Best Buy’s results", [("BBY", "company_name", "Best Buy")]),
        ("Amazon.com and AT&T fall", [("AMZN", "company_name", "Amazon.com"), ("T", "company_name", "AT&T")]),
        ("Alphabet rises", [("GOOG", "company_name", "Alphabet"), ("GOOGL", "company_name", "Alphabet")]),
        ("McDonald's and Coca-Cola", [("MCD", "company_name", "McDonald"), ("KO", "company_name", "Coca-Cola")]),
        ("Goldman Sachs says", [("GS", "company_name", "Goldman Sachs")]),
        ("International Business Machines wins", [("IBM", "company_name", "International Business Machines")]),
        ("HP prints", []),
        ("HP Inc. prints", [("HP", "company_name", "HP Inc")]),
        ("Vanguard Index funds", []),
        ("Berkshire Hathaway buys", [("BRK.B", "company_name", "Berkshire Hathaway")]),
        ("$AAPL and $BRK.B up", [("AAPL", "cash_tag", "$AAPL"), ("BRK.B", "cash_tag", "$BRK.B")]),
        ("$aapl, US$5, $100, A$AP, $$X and $AAPL2X$", []),
        ("Tesla (NASDAQ: TSLA) (NYSE:BRK.B)", [("TSLA", "exchange_tag", "(NASDAQ: TSLA)"), ("BRK.B", "exchange_tag", "(NYSE:BRK.B)")]),
        ("Vodafone (LON: VOD) [LSE: BP.L]", [("VOD.L", "exchange_tag", "(LON: VOD)"), ("BP.L", "exchange_tag", "[LSE: BP.L]")]),
        ("A note (see: ABOVE) and (Foo: BAR)", []),
        ("Microsoft (NASDAQ: MSFT) and $MSFT", [("MSFT", "cash_tag", "$MSFT")]),
        ("", []),
    ],
)
def test_rules(title: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert found(title) == expected


def test_the_feed_comes_first_and_the_place_is_told() -> None:
    matches = find_tickers("Nothing here", "But Microsoft is, and $IBM", "MSFT", NAMES)
    assert [(match.ticker, match.rule, match.place) for match in matches] == [
        ("MSFT", MatchRule.FEED, None),
        ("IBM", MatchRule.CASH_TAG, "summary"),
    ]


def test_an_item_has_a_bounded_number_of_tickers() -> None:
    assert len(found(" ".join(f"$T{number}" for number in range(50)))) == MOST_TICKERS


@pytest.mark.parametrize("market", ["", "Nowhere", "TSE", "XXXX"])
def test_a_market_that_is_not_known_tells_nothing(market: str) -> None:
    assert ticker_at(market, "ABC") is None


@pytest.mark.parametrize("piece", ["$", "$A", "(NASDAQ: ", "Apple ", "Best ", "International Business ", "a", "'s", "A&", "("])
def test_matching_grows_with_the_text(piece: str) -> None:
    check_growth(lambda size: lambda: find_tickers(piece * (size // len(piece)), "", None, NAMES))


def test_word_lists_are_sound() -> None:
    assert {"apple", "visa", "target", "gap"} <= common_words()
    assert all(word == word.lower() and word.isalpha() for word in common_words() | declared_words().keys())
    assert set(declared_words().values()) == {"positive", "negative"}


def test_sentiment_counts_declared_words_and_names_them() -> None:
    told = sentiment_of("Profit SURGES, shares fall: surges again")
    assert told.score == 1
    assert [(word.word, word.tone) for word in told.words] == [("profit", "positive"), ("surges", "positive"), ("fall", "negative")]
    assert sentiment_of("Nothing to see").words == ()
