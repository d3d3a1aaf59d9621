"""Fixtures of the tests of news: a server of feeds, and a kind of job that may ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.feeds import item, kind_for, rss, serving
from kit.receivers import Receiver, receiving

from features.news.kinds import FeedReading


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving(serving(rss(item("Apple Inc. beats"), item("$IBM falls", 2), title="Wire"))) as made:
        yield made


@pytest.fixture
def kind(tmp_path: Path) -> FeedReading:
    return kind_for(tmp_path)
