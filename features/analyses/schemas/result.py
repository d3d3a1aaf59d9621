"""Schemas of results, their lists, their flips and their honesty."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from api.schemas import (
    CSV,
    DEFAULT_LIMIT,
    LARGEST_LIMIT,
    PLAIN_TEXT,
    Answer,
    Page,
    PageQuery,
    Query,
    RootAnswer,
    UniverseName,
    each_of,
    not_below,
)
from features.strategies.schemas import StrategyId
from models.analysis import SignalName, Verdict, VerdictName
from models.flip import NextClose
from models.honesty import LookAhead, Recursion
from models.indicator import INDICATORS
from models.result import AnalysisResult, ResultSummary, ToldResult
from models.screen import SCREEN_COLUMNS, SORT_KEYS, ResultFilter, ScreenedResult
from utils.api_utils import LONGEST_ECHO
from utils.clock import now

VOTE_WORDS = {"sell": -1, "neutral": 0, "buy": 1}


def _pattern(word: str) -> dict[str, Any]:
    return {"pattern": f"^(?:{word}(?:,{word})*)?$"}


def _sort(text: str) -> str:
    if text.removeprefix("-") not in SORT_KEYS:
        raise ValueError(f"there is no order {text[:LONGEST_ECHO]!r}; there are {', '.join(SORT_KEYS)}, each also with - before it")
    return text


_COLUMN, _VOTE = f"(?:{'|'.join(SCREEN_COLUMNS)})", f"(?:{'|'.join(INDICATORS)}):(?:{'|'.join(VOTE_WORDS)})"
Columns = Annotated[str, AfterValidator(each_of(SCREEN_COLUMNS, "column")), WithJsonSchema({"type": "string", **_pattern(_COLUMN)})]
Votes = Annotated[
    str,
    AfterValidator(each_of([f"{key}:{word}" for key in INDICATORS for word in VOTE_WORDS], "vote")),
    WithJsonSchema({"type": "string", **_pattern(_VOTE)}),
]
Sort = Annotated[str, AfterValidator(_sort), WithJsonSchema({"type": "string", "pattern": f"^-?(?:{'|'.join(SORT_KEYS)})$"})]


class ResultAnswer(RootAnswer[AnalysisResult]):
    """An explained verdict."""


class ToldResultAnswer(RootAnswer[ToldResult]):
    """A stored result, and what became of its prices."""


class ResultPage(Page):
    """A page of results."""

    items: list[ResultSummary]


class LatestPage(Page):
    """A page of the latest results, and how many match in all."""

    items: list[ScreenedResult]
    total: int

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]


class FlipsAnswer(Answer):
    """What an unchanged next close gives, and the nearest next closes above and below that give another verdict than that."""

    result_id: str
    ticker: str
    close: float = Field(description="The newest close of the result.")
    verdict: Verdict = Field(description="The verdict of the result.")
    unchanged: NextClose = Field(description="If the next day closes where the newest did; `turns` and `changes` are from the result.")
    above: NextClose | None = Field(description="`turns` and `changes` are from the unchanged close. Null where no verdict changes.")
    below: NextClose | None = Field(description="As `above`.")
    searched_percent: float = Field(description="How far from the close was searched, in percent of it.")


class HonestyAnswer(Answer):
    """Whether the scores behind a result know the future, and how much they depend on where its history begins."""

    result_id: str
    ticker: str
    as_of: date = Field(description="The newest day of the result. Later prices are not looked at.")
    engine_version: str = Field(description="The engine that was checked: the present one.")
    clean: bool = Field(description="Whether no score changes by more than rounding when later prices are known.")
    lookahead: LookAhead
    recursion: tuple[Recursion, ...] = Field(description="By number of bars; those that the history is too short for are left out.")
    meaning: tuple[str, ...] = Field(description="What both say, in sentences.")


class HistoryQuery(PageQuery):
    """The strategy and page of a ticker's results."""

    strategy: StrategyId | None = Field(None, description="Only results by this strategy.")


# The fields that the filter has under the same name.
_DIRECT = {
    *("verdict", "strategy", "signal", "universe", "sort", "min_score", "max_score", "min_rsi", "max_rsi", "min_distance", "max_distance"),
    *(
        "min_change",
        "max_change",
        "min_close",
        "max_close",
        "min_volume",
        "min_hit",
        "max_hit",
        "min_lift",
        "max_lift",
        "min_n",
        "has_record",
    ),
}


class ResultsFilterQuery(Query):
    """The filter, the order and the columns of the latest results."""

    verdict: VerdictName | None = Field(None, description="Only this verdict.")
    strategy: StrategyId | None = Field(None, description="Only results by this strategy. Default: by every one.")
    signal: SignalName | None = Field(None, description="Only this signal.")
    min_score: float | None = Field(None, ge=-1, le=1, description="Only scores from this one on.")
    max_score: Annotated[float | None, not_below("min_score")] = Field(None, ge=-1, le=1, description="Only scores up to this one.")
    universe: UniverseName = Field(
        "all",
        description="`all`, the `watchlist`, another list (`watchlist:` and its id), a portfolio (`portfolio:` and its id), or one of "
        "`GET /universes`.",
    )
    q: str = Field(
        "", max_length=60, pattern=PLAIN_TEXT, description="Start of the ticker or of a word of the company's name, in any case."
    )
    changed_days: int | None = Field(None, ge=1, le=3650, description="Only verdicts that changed within so many days.")
    min_rsi: float | None = Field(None, ge=0, le=100, description="RSI 14 at least.")
    max_rsi: Annotated[float | None, not_below("min_rsi")] = Field(None, ge=0, le=100, description="RSI 14 at most.")
    min_distance: float | None = Field(None, ge=-100, le=1000, description="Percent from the close to the entry, at least; needs a plan.")
    max_distance: Annotated[float | None, not_below("min_distance")] = Field(
        None, ge=-100, le=1000, description="Percent from the close to the entry, at most; needs a plan."
    )
    min_change: float | None = Field(None, ge=-100, le=100_000, description="Percent from the close of the day before, at least.")
    max_change: Annotated[float | None, not_below("min_change")] = Field(
        None, ge=-100, le=100_000, description="Percent from the close of the day before, at most."
    )
    min_close: float | None = Field(None, ge=0, le=1e12, description="Close of the result's day, at least.")
    max_close: Annotated[float | None, not_below("min_close")] = Field(
        None, ge=0, le=1e12, description="Close of the result's day, at most."
    )
    min_volume: float | None = Field(None, ge=0, le=1e18, description="Volume of the day, at least.")
    min_hit: float | None = Field(None, ge=0, le=1, description="Share of the days on which the verdict was right, at least.")
    max_hit: Annotated[float | None, not_below("min_hit")] = Field(None, ge=0, le=1, description="The same, at most.")
    min_lift: float | None = Field(None, ge=-1, le=1, description="Hit less that of any day, at least.")
    max_lift: Annotated[float | None, not_below("min_lift")] = Field(None, ge=-1, le=1, description="The same, at most.")
    min_n: int | None = Field(None, ge=1, le=1_000_000, description="Days of the record, at least.")
    has_record: bool | None = Field(None, description="Only verdicts with a record, or with `false` without one.")
    votes: Votes = Field("", max_length=300, description="Votes of indicators, such as `macd:buy,rsi:neutral`; all must match.")
    sort: Sort = Field("-score", max_length=40, description="A column, `-` for descending; results without a value come last.")
    columns: Columns = Field(
        "", max_length=600, description="Columns of a CSV file or report, separated by commas. JSON has all; `closes` only if named here."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth_value(cls, value: Any, info: ValidationInfo) -> Any:
        """Screens are saved with a query in JSON, whose `true` would become the number 1."""
        if isinstance(value, bool) and info.field_name != "has_record":
            raise ValueError("true or false does not fit here")
        return value

    def filter(self) -> ResultFilter:
        """The query as a filter of the store."""
        same = self.model_dump(include=_DIRECT)
        votes = [pair.split(":") for pair in self.votes.split(",") if pair]
        return ResultFilter(
            **same,
            text=self.q.strip(),
            changed_after=None if self.changed_days is None else now() - timedelta(days=self.changed_days),
            votes=tuple((key, VOTE_WORDS[word]) for key, word in votes),
            columns=tuple(dict.fromkeys(column for column in self.columns.split(",") if column)),
        )


class ResultsQuery(ResultsFilterQuery):
    """The filter, order and page of the latest results."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="The most items to return.")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before.")
