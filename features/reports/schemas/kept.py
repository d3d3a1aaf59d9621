"""Schemas of kept reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from api.schemas import Answer, Body, IsoDate, Page, Ticker, UniverseName, not_below
from features.analyses.schemas.result import ResultsFilterQuery
from features.files.schemas import StoredFileAnswer, file_answer
from features.reports.service import ShownReport
from features.strategies.schemas import StrategyId
from models.errors import JobUnreadable
from models.job import Fault
from models.kept_report import KeptReport, ReportFormat, ReportOrder, ReportType
from models.screen import ResultFilter
from models.universe import LIST_PREFIX
from models.watchlist import DEFAULT_LIST
from utils.json_text import parse_tolerant

# Literals, so that the OpenAPI document lists the values; a test compares them with the enums.
TypeName = Literal["job", "ticker", "watchlist", "screener", "evidence"]
FormatName = Literal["xlsx", "csv", "json"]
StateName = Literal["queued", "processing", "ready", "failed"]
# The fields that each type takes, beside `type` and `format`.
TAKES = {
    "job": ("job_id",),
    "ticker": ("ticker", "strategy", "period"),
    "watchlist": ("list_id", "strategy"),
    "screener": ("filter",),
    "evidence": ("ticker", "universe", "strategy", "period"),
}
LIST_ID = rf"^(?:{DEFAULT_LIST}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})$"
_FIELDS = tuple(dict.fromkeys(name for names in TAKES.values() for name in names))


class Period(Body):
    """The days that a report covers."""

    start: IsoDate | None = Field(None, description="First day, included.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day, included.")


class NewReportRequest(Body):
    """A report to make and keep. Each `type` takes fields of its own, which their descriptions name."""

    type: TypeName = Field(
        description="What it is about: a job's outcomes, a ticker's latest result, lists of those, or the record of verdicts."
    )
    format: FormatName = Field("xlsx", description="How it is written.")
    job_id: str | None = Field(None, max_length=36, description="For `job`: the id of a job; of an active one, what has ended by then.")
    ticker: Ticker | None = Field(None, description="For `ticker`, and for `evidence` of one.")
    universe: UniverseName | None = Field(None, description="For `evidence` over many, as POST /evidence has computed it.")
    strategy: StrategyId | None = Field(
        None, description="For `ticker` and `evidence`: by default `balanced`. For `watchlist`: by default every one."
    )
    list_id: str | None = Field(None, pattern=LIST_ID, description="For `watchlist`: the id of a list, by default `default`.")
    filter: ResultsFilterQuery | None = Field(None, description="For `screener`: filter, order and columns, as the query of GET /results.")
    period: Period | None = Field(None, description="For `ticker` and `evidence` of one: by default the whole history.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in _FIELDS:
            if name not in TAKES[self.type] and getattr(self, name) is not None:
                raise ValueError(f"a report of the type {self.type} takes no `{name}`, but {', '.join(TAKES[self.type])}")
        if self.type == "job" and self.job_id is None:
            raise ValueError("a report of the type job needs its `job_id`")
        if self.type == "ticker" and self.ticker is None:
            raise ValueError("a report of the type ticker needs its `ticker`")
        if self.type == "evidence" and (self.ticker is None) == (self.universe is None):
            raise ValueError("a report of the type evidence needs either a `ticker` or a `universe`")
        if self.universe is not None and self.period is not None:
            raise ValueError("the evidence of a universe has no `period`")
        return self

    def order(self) -> ReportOrder:
        """The request as an order."""
        period = self.period or Period()
        return ReportOrder(
            ReportType(self.type),
            ReportFormat(self.format),
            self.job_id,
            self.ticker,
            self.strategy or ("balanced" if self.type in ("ticker", "evidence") else None),
            self.universe,
            period.start,
            period.end,
            self._filter(),
        )

    def params(self) -> dict[str, Any]:
        """The request as JSON values, without what was not given."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"type": self.type, "format": self.format}

    def _filter(self) -> ResultFilter | None:
        if self.type == "watchlist":
            list_id = self.list_id or DEFAULT_LIST
            return ResultsFilterQuery(universe=f"{LIST_PREFIX}{list_id}", strategy=self.strategy).filter()
        return (self.filter or ResultsFilterQuery()).filter() if self.type == "screener" else None


def read_params(text: str) -> ReportOrder:
    """Parse the JSON of a job. Raises JobUnreadable for parameters that this version does not know."""
    try:
        values = parse_tolerant(text)
        del values["report_id"]
        return NewReportRequest.model_validate(values).order()
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise JobUnreadable(f"{type(error).__name__}") from error


class ReportPath(BaseModel):
    """The id of a report in a path."""

    report_id: str = Field(description="The `id` of a report.")


class ReportAnswer(Answer):
    """A kept report."""

    id: str
    type: str = Field(description="`job`, `ticker`, `watchlist`, `screener` or `evidence`; later versions have more.")
    format: FormatName = Field(description="How it is written.")
    params: dict[str, Any] = Field(description="What was asked for.")
    state: StateName = Field(description="`ready` once the file is there. A failed one stays until it is removed or expires.")
    reason: str | None = Field(description="Why it could not be made.")
    error: Fault | None = Field(description="The same with a code, where the report itself was refused.")
    job_id: str = Field(description="The job that makes it.")
    file: StoredFileAnswer | None = Field(description="Null until it is ready.")
    created_at: datetime
    created_by: str = Field(description="The id of the key or the person that asked for it, or the schedule or run that did.")
    finished_at: datetime | None
    expires_at: datetime = Field(description="When it is removed by itself.")


class ReportPage(Page):
    """A page of reports, newest first."""

    items: list[ReportAnswer]


def report_answer(shown: ShownReport) -> dict[str, object]:
    """The JSON object of a report."""
    report: KeptReport = shown.report
    params = parse_tolerant(report.params)
    return {
        **{name: getattr(report, name) for name in ("id", "type", "format")},
        "params": {name: value for name, value in params.items() if name != "report_id"},
        "state": shown.state,
        "reason": shown.reason,
        "error": report.error,
        "job_id": report.job_id,
        "file": None if shown.file is None else file_answer(shown.file),
        **{name: getattr(report, name) for name in ("created_at", "created_by", "finished_at", "expires_at")},
    }
