"""SQL of the screener: the latest results, filtered, sorted by any column and counted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from infrastructure.exchanges import Expectations
from infrastructure.sql.exchange import told_exchange
from infrastructure.sql.like import escaped
from infrastructure.sql.superseded import LATEST_SUPERSEDED
from models.api_key import SHARED_ORG
from models.indicator import INDICATORS
from models.recent_closes import RecentCloses
from models.screen import CLOSES_SHOWN, SORT_KEYS, VOTE_COLUMNS, VOTE_DIGITS, ResultFilter, ScreenedResult, votes_of
from models.universe import ALL, list_id_of, portfolio_id_of
from models.watchlist import DEFAULT_LIST
from utils.clock import iso, now, parse_iso

_PLACES = {key: place for place, key in enumerate(INDICATORS, start=1)}
_VERDICTS = {"BUY": "('Strong Buy', 'Buy')", "SELL": "('Strong Sell', 'Sell')", "HOLD": "('Hold')"}  # of each signal
# An organization's own series hides the shared one, but not its name.
_NAME = """COALESCE(
        (SELECT n.name FROM price_series AS n WHERE n.org_id = l.org_id AND n.ticker = l.ticker),
        (SELECT n.name FROM price_series AS n WHERE n.org_id = :shared AND n.ticker = l.ticker)
    )"""
# What an order compares, where that is not the column of its name. A verdict is a range of the score, so both have one order. The verdict
# before goes by when it ended, the line of closes by what it rose or fell.
_EXPRESSIONS = {
    "verdict": "l.score",
    "former_verdict": "CASE WHEN l.former_verdict IS NOT NULL THEN l.verdict_since END",
    "move": "(l.score - l.previous_score)",
    "closes": "l.month_percent",
    "name": f"lower({_NAME})",
    **{column: f"NULLIF(substr(l.votes, {_PLACES[key]}, 1), '0')" for column, key in VOTE_COLUMNS.items()},
}
SORTS = {key: _EXPRESSIONS.get(key, f"l.{key}") for key in SORT_KEYS}
ALWAYS_PRESENT = frozenset({"ticker", "strategy", "score", "verdict", "analysed_at"})  # the others come last where they are null
_READ = {"as_of": date.fromisoformat, "analysed_at": parse_iso, "former_verdict": parse_iso}


class Listed(NamedTuple):
    """A line of the list, and what its order compares: where the next page continues."""

    result: ScreenedResult
    sort_value: Any

    def position(self) -> list[Any]:
        """The position as JSON can hold it."""
        value = self.sort_value
        written = iso(value) if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else value
        return [written, self.result.ticker, self.result.strategy]


# The rows of a page are chosen by as few columns as their order needs, and only theirs are read in full: to sort whole rows takes three
# times as long. `{…}` is filled with the texts above.
_PAGE = """
    SELECT
        r.id, r.ticker, r.strategy, r.as_of, r.bars, r.close, r.score, r.verdict, r.signal, r.fingerprint, r.created_at, l.analysed_at,
        l.screened_id = l.result_id,
        l.change_percent, l.month_percent, l.volume, l.rsi, l.entry, l.stop_loss, l.target, l.distance_percent,
        l.record_hit, l.record_lift, l.record_n,
        l.votes, l.former_verdict, l.verdict_since, l.previous_score,
        {name},
        o.last_day, {own_closes}, s.last_day, {shared_closes},
        {exchange}, {superseded},
        c.sort_value
    FROM (
        SELECT l.org_id, l.ticker, l.strategy, {value} AS sort_value
        FROM latest_results AS l
        WHERE {conditions}
        ORDER BY {order}
        LIMIT :limit
    ) AS c
    JOIN latest_results AS l ON l.org_id = c.org_id AND l.ticker = c.ticker AND l.strategy = c.strategy
    JOIN analysis_results AS r ON r.id = l.result_id
    LEFT JOIN recent_closes AS o ON o.org_id = l.org_id AND o.ticker = l.ticker
    LEFT JOIN recent_closes AS s ON s.org_id = :shared AND s.ticker = l.ticker
    LEFT JOIN series_fetches AS f ON f.org_id = :shared AND f.ticker = l.ticker
    ORDER BY {order}
"""
_RESULT = ("id", "ticker", "strategy", "as_of", "bars", "close", "score", "verdict", "signal", "fingerprint", "created_at", "analysed_at")
_VALUES = (
    "change_percent", "month_percent", "volume", "rsi", "entry", "stop_loss", "target", "distance_percent", "record_hit", "record_lift",
    "record_n",
)  # fmt: skip
_VALUES_FROM = len(_RESULT) + 1
_VALUES_END = _VALUES_FROM + len(_VALUES)


def list_latest(
    connection: Connection, org_id: int, result_filter: ResultFilter, limit: int, after: list[Any] | None = None
) -> list[Listed]:
    """The latest result of each ticker and strategy; `after` is the `position` of the last line of the page before."""
    key, is_descending = result_filter.sort.removeprefix("-"), result_filter.sort.startswith("-")
    value = SORTS[key]
    conditions, parameters = _conditions(result_filter)
    if after is not None:
        conditions.append(_after(key, value, is_descending, after[0] is None))
        read = _READ.get(key)
        written, ticker, strategy = after
        parameters |= {"after_value": read(written) if read and written is not None else written}
        parameters |= {"after_ticker": ticker, "after_strategy": strategy}
    direction = ("DESC" if is_descending else "ASC") + ("" if key in ALWAYS_PRESENT else " NULLS LAST")
    has_closes = "closes" in result_filter.columns
    statement = _PAGE.format(
        own_closes="o.closes, o.last_close" if has_closes else "NULL, NULL",
        shared_closes="s.closes, s.last_close" if has_closes else "NULL, NULL",
        name=_NAME,
        superseded=LATEST_SUPERSEDED,
        exchange=told_exchange("l.ticker"),
        value=value,
        conditions=" AND ".join(conditions),
        order=f"sort_value {direction}, l.ticker, l.strategy",
    )
    rows = connection.execute(text(statement), {**parameters, "org_id": org_id, "shared": SHARED_ORG, "limit": limit})
    expectations = Expectations(now())
    return [_from_row(row, has_closes, expectations) for row in rows]


def count_latest(connection: Connection, org_id: int, result_filter: ResultFilter) -> int:
    """How many results match a filter."""
    conditions, parameters = _conditions(result_filter)
    statement = text(f"SELECT count(*) FROM latest_results AS l WHERE {' AND '.join(conditions)}")
    total: int = connection.execute(statement, {**parameters, "org_id": org_id, "shared": SHARED_ORG}).scalar_one()
    return total


def _after(key: str, value: str, is_descending: bool, is_null: bool) -> str:
    """The condition of the rows behind a position. Rows with equal values are in the order of ticker and strategy, both ways."""
    behind = "(l.ticker, l.strategy) > (:after_ticker, :after_strategy)"
    if is_null:
        return f"{value} IS NULL AND {behind}"
    sign = "<" if is_descending else ">"
    # The first comparison lets an index begin at the position.
    condition = f"{value} {sign}= :after_value AND ({value} {sign} :after_value OR {behind})"
    return f"({condition})" if key in ALWAYS_PRESENT else f"(({condition}) OR {value} IS NULL)"


def _conditions(result_filter: ResultFilter) -> tuple[list[str], dict[str, Any]]:
    conditions, parameters = ["l.org_id = :org_id"], dict[str, Any]()
    for condition, name, value in (
        ("l.verdict = :verdict", "verdict", result_filter.verdict),
        ("l.strategy = :strategy", "strategy", result_filter.strategy),
        ("l.score >= :min_score", "min_score", result_filter.min_score),
        ("l.score <= :max_score", "max_score", result_filter.max_score),
        ("l.rsi >= :min_rsi", "min_rsi", result_filter.min_rsi),
        ("l.rsi <= :max_rsi", "max_rsi", result_filter.max_rsi),
        ("l.distance_percent >= :min_distance", "min_distance", result_filter.min_distance),
        ("l.distance_percent <= :max_distance", "max_distance", result_filter.max_distance),
        ("l.change_percent >= :min_change", "min_change", result_filter.min_change),
        ("l.change_percent <= :max_change", "max_change", result_filter.max_change),
        ("l.close >= :min_close", "min_close", result_filter.min_close),
        ("l.close <= :max_close", "max_close", result_filter.max_close),
        ("l.volume >= :min_volume", "min_volume", result_filter.min_volume),
        ("l.record_hit >= :min_hit", "min_hit", result_filter.min_hit),
        ("l.record_hit <= :max_hit", "max_hit", result_filter.max_hit),
        ("l.record_lift >= :min_lift", "min_lift", result_filter.min_lift),
        ("l.record_lift <= :max_lift", "max_lift", result_filter.max_lift),
        ("l.record_n >= :min_n", "min_n", result_filter.min_n),
        ("l.former_verdict IS NOT NULL AND l.verdict_since >= :changed_after", "changed_after", result_filter.changed_after),
    ):
        if value is not None:
            conditions.append(condition)
            parameters[name] = value
    if result_filter.has_record is not None:
        conditions.append("l.record_n IS NOT NULL" if result_filter.has_record else "l.record_n IS NULL")
    if result_filter.signal is not None:
        conditions.append(f"l.verdict IN {_VERDICTS[result_filter.signal]}")
    for key, vote in result_filter.votes:
        conditions.append(f"substr(l.votes, {_PLACES[key]}, 1) = '{VOTE_DIGITS[vote]}'")
    if result_filter.text:
        conditions.append(_NAMED)
        start = escaped(result_filter.text)
        parameters |= {"prefix": f"{start.upper()}%", "first_word": f"{start.lower()}%", "later_word": f"% {start.lower()}%"}
    list_id, portfolio_id = list_id_of(result_filter.universe), portfolio_id_of(result_filter.universe)
    if list_id == DEFAULT_LIST:
        conditions.append("EXISTS (SELECT 1 FROM watchlist_items AS w WHERE w.org_id = l.org_id AND w.ticker = l.ticker)")
    elif list_id is not None:
        conditions.append(_ON_LIST)
        parameters["list_id"] = list_id
    elif portfolio_id is not None:
        conditions.append(_IN_PORTFOLIO)
        parameters["portfolio_id"] = portfolio_id
    elif result_filter.universe != ALL:
        conditions.append(_IN_UNIVERSE)
        parameters["universe"] = result_filter.universe
    return conditions, parameters


# The start of the ticker, or of a word of the name.
_NAMED = """(
    l.ticker LIKE :prefix ESCAPE '\\'
    OR EXISTS (
        SELECT 1
        FROM price_series AS n
        WHERE n.ticker = l.ticker AND n.org_id IN (:org_id, :shared)
            AND (lower(n.name) LIKE :first_word ESCAPE '\\' OR lower(n.name) LIKE :later_word ESCAPE '\\')
    )
)"""


_ON_LIST = "EXISTS (SELECT 1 FROM named_watchlist_items AS w WHERE w.org_id = l.org_id AND w.list_id = :list_id AND w.ticker = l.ticker)"
_IN_PORTFOLIO = """EXISTS (
    SELECT 1 FROM portfolio_tickers AS h WHERE h.org_id = l.org_id AND h.portfolio_id = :portfolio_id AND h.ticker = l.ticker
)"""
_IN_UNIVERSE = "EXISTS (SELECT 1 FROM universe_items AS u WHERE u.org_id = l.org_id AND u.universe = :universe AND u.ticker = l.ticker)"


def _from_row(row: Any, has_closes: bool, expectations: Expectations) -> Listed:
    own_values = bool(row[len(_RESULT)])  # otherwise they are those of an earlier result, until maintenance has filled them in
    values = row[_VALUES_FROM:_VALUES_END] if own_values else [None] * len(_VALUES)
    votes, former_verdict, verdict_since, previous_score, name, *prices, exchange, superseded, sort_value = row[_VALUES_END:]
    last_day, closes, last_close = prices[3:] if prices[0] is None else prices[:3]
    result = ScreenedResult(
        **dict(zip(_RESULT, row, strict=False)),
        **dict(zip(_VALUES, values, strict=True)),
        name=name,
        former_verdict=former_verdict,
        verdict_since=None if former_verdict is None else verdict_since,
        previous_score=previous_score if own_values else None,
        votes=votes_of(votes if own_values else None),
        last_day=last_day,
        freshness=expectations.of(row[1], exchange).freshness_of(last_day),
        closes=_closes(closes, last_close) if has_closes else None,
        superseded=bool(superseded),
    )
    return Listed(result, sort_value)


def _closes(closes: Any, last_close: Any) -> list[float]:
    return [] if closes is None else RecentCloses(bytes(closes), bytes(last_close)).prices()[-CLOSES_SHOWN:]
