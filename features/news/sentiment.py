"""Sentiment of titles by a declared word list, data/sentiment_words.txt, and nothing else: each word that counted is told."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from models.news import Sentiment, SentimentWord

WORDS = Path(__file__).parents[2] / "data" / "sentiment_words.txt"
TONES = {"+": "positive", "-": "negative"}
_WORD = re.compile(r"[a-z]+")


@cache
def declared_words() -> dict[str, str]:
    """The tone of each word of the list."""
    lines = [line.split() for line in WORDS.read_text(encoding="utf-8").splitlines()]
    return {word: TONES[sign] for sign, *words in filter(None, lines) if sign in TONES for word in words}


def sentiment_of(title: str) -> Sentiment:
    """What the words of a title count: each once, however often it stands there."""
    known = declared_words()
    words = tuple(SentimentWord(word, known[word]) for word in dict.fromkeys(_WORD.findall(title.lower())) if word in known)
    return Sentiment(sum(1 if word.tone == "positive" else -1 for word in words), words)
