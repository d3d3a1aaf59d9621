"""What has a value each day: a ticker by its name, everything else by its id."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from kit.bars import bars_of
from kit.series import store

from app import Application
from database import AnyReader
from features.prices.service import remember
from infrastructure.value_lines import LineKind, LineNotFound, LineReader, ValueLine, ValueLines
from models.api_key import SHARED_ORG
from models.errors import TickerNotFound
from models.provider import Listing
from utils.clock import now
from utils.ids import new_id

VALUES = np.array(["2020-01-01"], "datetime64[D]"), np.ones(1)


def test_a_ticker_has_its_adjusted_closes(app: Application) -> None:
    store("ODD", bars_of([10, 11, 12], first=date(2020, 1, 1)), now())
    with app.services.database.transaction() as connection:
        remember(connection, SHARED_ORG, [Listing("ODD", "Odd plc", None, "GBP")], "tiingo")
        line = app.services.foundation.lines.find(connection, 1, "ODD")
    assert (line.reference, line.kind, line.name, line.currency, line.adjusted) == ("ODD", LineKind.TICKER, "Odd plc", "GBP", False)
    assert line.days.tolist() == [date(2020, 1, day) for day in (1, 2, 3)]
    assert line.values.tolist() == [10, 11, 12]


def test_what_there_is_not_is_refused_by_its_kind(app: Application) -> None:
    with app.services.database.read() as connection:
        with pytest.raises(TickerNotFound):
            app.services.foundation.lines.find(connection, 1, "NONE")
        with pytest.raises(LineNotFound):
            app.services.foundation.lines.find(connection, 1, new_id())


def test_an_id_is_asked_of_each_feature_that_has_ids(app: Application) -> None:
    wanted = new_id()
    asked: list[LineKind] = []

    def reading(kind: LineKind) -> LineReader:
        def read(connection: AnyReader, org_id: int, reference: str) -> ValueLine | None:
            asked.append(kind)
            return None if kind is LineKind.PORTFOLIO else ValueLine(reference, kind, None, None, *VALUES, adjusted=True, digest="")

        return read

    lines = ValueLines.joined([{kind: reading(kind)} for kind in LineKind])
    with app.services.database.read() as connection:
        assert _kind(lines, connection, wanted) is LineKind.INDEX
        assert asked == [LineKind.PORTFOLIO, LineKind.INDEX]
        asked.clear()
        assert _kind(lines, connection, "AAPL") is LineKind.TICKER
    assert asked == [LineKind.TICKER]


def _kind(lines: ValueLines, connection: AnyReader, reference: str) -> LineKind:
    return lines.find(connection, 1, reference).kind
