"""Schemas of schedules and their firings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, ValidationInfo
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body, Counted, IsoDate, Page, PageQuery, Query, UtcMoment, whole
from features.schedules.due_times import checked_after_close, checked_calendar, checked_cron, checked_zone
from features.schedules.service import Changes, Told
from features.schedules.wording import sentence, when_sentence
from models.schedule import Action, Firing, FiringKind, FiringState, NewSchedule, Overlap, Schedule, When

DAY = 86_400
LONGEST_CATCH_UP = 31 * DAY
DEFAULT_CATCH_UP = DAY // 2
MOST_NEXT = 100
MOST_DAYS = 62
MOST_PARAMS = 40
NOTHING = Told()


def _after_close(value: Any) -> Any:
    value = whole(value)
    return checked_after_close(value) if isinstance(value, str | int) and not isinstance(value, bool) else value


_Seconds = Annotated[int, Field(ge=0, le=LONGEST_CATCH_UP)]
CatchUp = Annotated[_Seconds, BeforeValidator(whole, json_schema_input_type=_Seconds)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PLAIN_TEXT)]
Cron = Annotated[str, Field(min_length=1, max_length=100, examples=["30 17 * * MON-FRI"]), AfterValidator(checked_cron)]
Zone = Annotated[str, Field(min_length=1, max_length=64, examples=["America/New_York"]), AfterValidator(checked_zone)]
Calendar = Annotated[str, Field(min_length=1, max_length=20, examples=["XNYS"]), AfterValidator(checked_calendar)]
_Minutes = Annotated[int, Field(ge=0, lt=24 * 60)]
AfterClose = Annotated[str, Field(examples=["00:30"]), BeforeValidator(_after_close, json_schema_input_type=str | _Minutes)]
ActionName = TypeAliasType("ActionName", Annotated[Action, Field(strict=False)])
OverlapName = TypeAliasType("OverlapName", Annotated[Overlap, Field(strict=False)])


def _one_form(calendar: str | None, known: ValidationInfo) -> str | None:
    """Of the field `calendar`, behind `cron` and `time_zone`."""
    if calendar is not None and known.data.get("cron") is not None:
        raise ValueError("give either cron with time_zone, or calendar with after_close, not both")
    if calendar is not None and known.data.get("time_zone") is not None:
        raise ValueError("time_zone goes with cron; a calendar is in the time zone of its exchange")
    return calendar


def _some_form(calendar: str | None, known: ValidationInfo) -> str | None:
    """The same, where one form is needed."""
    if calendar is None and "cron" in known.data and known.data["cron"] is None:
        raise ValueError("say when: give either cron with time_zone, or calendar with after_close")
    return _one_form(calendar, known)


def _not_with_cron(after_close: str | None, known: ValidationInfo) -> str | None:
    if after_close is not None and known.data.get("cron") is not None:
        raise ValueError("after_close goes with calendar; with cron, the expression says the time")
    return after_close


OneForm = Annotated[Calendar | None, AfterValidator(_one_form)]
SomeForm = Annotated[Calendar | None, AfterValidator(_some_form), Field(validate_default=True)]
NotWithCron = Annotated[AfterClose | None, AfterValidator(_not_with_cron)]


class SchedulePath(BaseModel):
    """The id of a schedule in a path."""

    schedule_id: str = Field(description="The `id` of a schedule.")


class ScheduleRequest(Body):
    """A schedule to make: `cron`, or `calendar` with `after_close`."""

    name: Name = Field(description="Unique within the organization.")
    cron: Cron | None = Field(None, description="Five fields: minute, hour, day of month, month, day of week. In place of `calendar`.")
    time_zone: Zone | None = Field(None, description="The zone that `cron` is read in; UTC where none is given.")
    calendar: SomeForm = Field(None, description="The market identifier code of an exchange: due on each of its trading days.")
    after_close: NotWithCron = Field(None, description="How long after the close, as `HH:MM` or in minutes; also after early closes.")
    action: ActionName = Field(description="What is done.")
    params: dict[str, Any] = Field({}, max_length=MOST_PARAMS, description="What it is done with: the parameters of the action.")
    catch_up: CatchUp = Field(
        DEFAULT_CATCH_UP,
        description="Seconds that a due time may be late and still run. Only the newest one runs.",
    )
    overlap: OverlapName = Field(Overlap.SKIP, description="What becomes of a due time while the former one's job is unfinished.")
    enabled: bool = Field(True, description="Due times of a schedule that is not enabled are noted as skipped.")

    def new(self) -> NewSchedule:
        """The request for the service."""
        when = When(self.cron, self.time_zone, self.calendar, self.after_close)
        return NewSchedule(self.name, when, self.action, self.params, self.catch_up, self.overlap, self.enabled)


class ScheduleChangeRequest(Body):
    """Changes of a schedule; what is left out stays. `cron` replaces a calendar, and `calendar` a cron expression."""

    name: Name | None = Field(None, description="Unique within the organization.")
    cron: Cron | None = Field(None, description="Five fields: minute, hour, day of month, month, day of week.")
    time_zone: Zone | None = Field(None, description="The zone that `cron` is read in.")
    calendar: OneForm = Field(None, description="The market identifier code of an exchange.")
    after_close: NotWithCron = Field(None, description="How long after the close, as `HH:MM` or in minutes.")
    action: ActionName | None = Field(None, description="What is done.")
    params: dict[str, Any] | None = Field(None, max_length=MOST_PARAMS, description="In place of all stored parameters.")
    catch_up: CatchUp | None = Field(None, description="Seconds that a due time may be late and still run.")
    overlap: OverlapName | None = Field(None, description="What becomes of a due time while the former one's job is unfinished.")
    enabled: bool | None = Field(None, description="As POST …/pause and …/resume.")
    version: Counted | None = Field(None, description="Refuse the change unless the schedule is at this `version`.")

    def changes(self) -> Changes:
        """The request for the service."""
        when = When(self.cron, self.time_zone, self.calendar, self.after_close)
        rest = {name: getattr(self, name) for name in ("name", "action", "params", "catch_up", "overlap", "enabled", "version")}
        return Changes(when=None if when == When() else when, **rest)


class WhenQuery(Query):
    """When a schedule would be due that need not be stored."""

    cron: Cron | None = Field(None, description="As of a schedule.")
    time_zone: Zone | None = Field(None, description="As of a schedule.")
    calendar: SomeForm = Field(None, description="As of a schedule.")
    after_close: NotWithCron = Field(None, description="As of a schedule.")
    count: int = Field(10, ge=1, le=MOST_NEXT, description="How many due times.")

    def when(self) -> When:
        """The fields as one."""
        return When(self.cron, self.time_zone, self.calendar, self.after_close)


class NextQuery(Query):
    """How many due times are wanted."""

    count: int = Field(10, ge=1, le=MOST_NEXT, description="How many due times.")


class FiringsQuery(PageQuery):
    """The firings of a schedule."""

    state: FiringState | None = Field(None, description="Only those in this state.")


def _near_first(last: date, known: ValidationInfo) -> date:
    first = known.data.get("first")
    if first is not None and not 0 <= (last - first).days < MOST_DAYS:
        raise ValueError(f"last must not lie before first, and at most {MOST_DAYS} days can be counted at once")
    return last


class DaysQuery(Query):
    """The days of a calendar."""

    first: IsoDate = Field(description="The first day, in UTC.")
    last: Annotated[IsoDate, AfterValidator(_near_first)] = Field(description=f"The last day; at most {MOST_DAYS} are counted at once.")


class BackfillRequest(Body):
    """The period whose due times are to run that never ran."""

    since: UtcMoment = Field(alias="from", description="The first moment, with its time zone.")
    until: UtcMoment = Field(alias="to", description="The last moment. It must have passed.")


class ScheduleFaultAnswer(Answer):
    """What a schedule names and is gone, so that it fails or does nothing."""

    field: str = Field(description="The field that names it, as in `params.portfolios.0`.")
    message: str = Field(description="What is gone, and what to do.")


class ScheduleAnswer(Answer):
    """A schedule."""

    id: str
    name: str
    cron: str | None = Field(description="The expression by which it is due, with single spaces; null with a calendar.")
    time_zone: str | None = Field(description="The zone that `cron` is read in; null with a calendar.")
    calendar: str | None = Field(description="The market identifier code of the exchange after whose close it is due; null with `cron`.")
    after_close: str | None = Field(description="How long after the close, as `HH:MM`; null with `cron`.")
    action: Action = Field(description="What it does.")
    params: dict[str, Any] = Field(description="The parameters of the action.")
    catch_up: int = Field(description="Seconds that a due time may be late and still run.")
    overlap: Overlap = Field(description="What becomes of a due time while the former one's job is unfinished.")
    enabled: bool
    last_due_at: datetime | None = Field(description="The newest due time in the ledger.")
    next_due_at: datetime | None = Field(description="The next due time, also of a paused schedule.")
    sentence: str = Field(description="When it is due and what it does, in words.")
    faults: list[ScheduleFaultAnswer] = Field(
        description="What it names and is gone: a universe, portfolios, indexes, channels, a pipeline."
    )
    version: int = Field(description="Rises with each change.")
    created_at: datetime
    created_by: str | None = Field(description="The id of the key or the person that made it.")
    changed_at: datetime = Field(description="When it was last changed.")
    changed_by: str | None = Field(description="The id of the key or the person that changed it last.")


class SchedulesPage(Page):
    """Schedules by name."""

    items: list[ScheduleAnswer]


class FiringAnswer(Answer):
    """A due time and what became of it."""

    schedule_id: str = Field(description="The schedule that it belongs to.")
    due_at: datetime = Field(description="When it was due; of one that was run by hand, when that was.")
    state: FiringState = Field(description="What became of it.")
    reason: str | None = Field(description="A word such as `down`, `overlap`, `paused`, or the sentence of what refused to start.")
    message: str | None = Field(description="The reason in words.")
    kind: FiringKind = Field(description="Whether its time came, somebody ran it, or it was run again.")
    job_id: str | None = Field(description="The job that it queued; null where it queued none.")
    run_id: str | None = Field(description="The run of the pipeline, of an action that runs one.")
    started_at: datetime | None = Field(description="When its job was queued; null where none was.")
    finished_at: datetime | None = Field(description="When its job ended, or when it failed to start; null before that.")


class FiringsPage(Page):
    """Firings, newest first."""

    items: list[FiringAnswer]


class BackfillAnswer(Answer):
    """The firings that will run, one after the other; empty where none is left to run."""

    items: list[FiringAnswer]


class NextTimes(Answer):
    """Due times in UTC, ascending."""

    items: list[datetime] = Field(description="The due times.")


class PreviewedTimes(NextTimes):
    """Due times in UTC, ascending, and what they are in words."""

    sentence: str = Field(description="When that is, in words.")


class DayCountAnswer(Answer):
    """How many firings of a schedule that were due on a day are in a state."""

    schedule_id: str = Field(description="The schedule that they belong to.")
    day: date = Field(description="The day on which they were due, in UTC.")
    state: FiringState = Field(description="What became of them.")
    firings: int = Field(description="How many they are.")


class DaysAnswer(Answer):
    """The firings by schedule, day and state."""

    items: list[DayCountAnswer]


def schedule_answer(schedule: Schedule, told: Told = NOTHING) -> dict[str, Any]:
    """A schedule as it is answered, with what is told of it beside; of one that was just made from parts that are there that is nothing."""
    fields = {name: value for name, value in vars(schedule).items() if name not in ("org_id", "when", "considered_until")}
    return {**fields, **vars(schedule.when), "sentence": sentence(schedule, told.names), "faults": told.faults}


def firing_answer(firing: Firing) -> dict[str, Any]:
    """A firing as it is answered."""
    return vars(firing)


def preview_answer(when: When, times: list[datetime]) -> dict[str, Any]:
    """The due times of what need not be stored."""
    return {"items": times, "sentence": f"{when_sentence(when)}."}
