"""Due times: cron expressions over two years of daylight saving, and times after the close of an exchange."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.schedules import utc

from features.schedules.due_times import checked_after_close, checked_calendar, checked_cron, checked_zone, due_after, due_between
from models.schedule import When

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca")
MINUTE = timedelta(minutes=1)


def minutes_where(zone: str, fits: Callable[[datetime], bool]) -> list[datetime]:
    """Each minute of two years whose local time fits."""
    place, moment, found = ZoneInfo(zone), BEGIN + MINUTE, []
    while moment <= END:
        if fits(moment.astimezone(place)):
            found.append(moment)
        moment += MINUTE
    return found


def first_minutes_at(zone: str, hour: int, minute: int) -> list[datetime]:
    """Of each local day, the first minute at which a local time has come: once, also where it is skipped or doubled."""
    place, found, day = ZoneInfo(zone), [], BEGIN.astimezone(ZoneInfo(zone)).date()
    while datetime(day.year, day.month, day.day, tzinfo=UTC) <= END + timedelta(days=1):
        moment = datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC)
        while (at := moment.astimezone(place)).date() == day and (at.hour, at.minute) < (hour, minute):
            moment += MINUTE
        found.append(moment)
        day += timedelta(days=1)
    return [moment for moment in found if BEGIN < moment <= END]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("hour", "minute"), [(0, 30), (1, 45), (2, 15), (2, 30), (3, 0), (22, 30)])
def test_a_local_time_comes_once_each_day(zone: str, hour: int, minute: int) -> None:
    """One that is skipped comes right after the gap, one that is doubled comes the first time."""
    assert list(due_between(When(f"{minute} {hour} * * *", zone), BEGIN, END)) == first_minutes_at(zone, hour, minute)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("cron", "fits"),
    [
        pytest.param("*/20 3 * * *", lambda at: at.minute % 20 == 0 and at.hour == 3, id="thrice an hour"),
        pytest.param("0 */2 * * *", lambda at: at.minute == 0 and at.hour % 2 == 0, id="every other hour"),
        pytest.param("*/10 0-2 * * SUN", lambda at: at.minute % 10 == 0 and at.hour <= 2 and at.weekday() == 6, id="on Sundays"),
    ],
)
def test_a_star_follows_the_clock(zone: str, cron: str, fits: Callable[[datetime], bool]) -> None:
    """With a star in minute or hour: each minute whose local time fits, be it doubled, and none that is skipped."""
    assert list(due_between(When(cron, zone), BEGIN, END)) == minutes_where(zone, fits)


@pytest.mark.parametrize(
    ("zone", "cron", "due"),
    [
        pytest.param("America/New_York", "30 2 * * *", "2026-03-08 07:00", id="skipped hour"),
        pytest.param("Europe/Berlin", "30 2 * * *", "2026-03-29 01:00", id="skipped hour in Europe"),
        pytest.param("Australia/Lord_Howe", "15 2 * * *", "2026-10-03 15:30", id="skipped half an hour"),
        pytest.param("America/New_York", "30 1 * * *", "2026-11-01 05:30", id="doubled hour"),
        pytest.param("Australia/Lord_Howe", "45 1 * * *", "2026-04-04 14:45", id="doubled half an hour"),
    ],
)
def test_days_with_a_shift(zone: str, cron: str, due: str) -> None:
    moment = utc([due])[0]
    around = list(due_between(When(cron, zone), moment - timedelta(hours=12), moment + timedelta(hours=12)))
    assert around == [moment]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(["30 2 * * *", "15,45 1,2 * * *", "*/25 * * * *", "0 */3 * * *", "5 0 1 * *", "30 16 * * MON-FRI"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 — in UTC by the next argument
)
def test_where_one_begins_makes_no_difference(zone: str, cron: str, moment: datetime) -> None:
    """A dispatcher that begins anew finds the same due times."""
    when = When(cron, zone)
    before = list(due_between(when, moment - timedelta(days=3), moment + timedelta(days=40)))
    after = list(due_between(when, moment, moment + timedelta(days=40)))
    assert after == [due for due in before if due > moment]
    assert before == sorted(set(before))


def test_after_the_close_on_trading_days() -> None:
    """Thanksgiving is a holiday, and the Friday after it closes at 13:00; winter time began on 1 November."""
    when = When(calendar="XNYS", after_close="00:30")
    due = list(due_between(when, utc(["2026-10-30 00:00"])[0], utc(["2026-11-30 00:00"])[0]))
    assert due[:2] == utc(["2026-10-30 20:30", "2026-11-02 21:30"])
    assert due[-2:] == utc(["2026-11-25 21:30", "2026-11-27 18:30"])
    assert len(due) == 20


def test_after_the_close_may_be_the_next_day() -> None:
    when = When(calendar="XASX", after_close="23:59")
    assert list(islice(due_after(when, utc(["2026-06-05 06:10"])[0]), 2)) == utc(["2026-06-06 05:59", "2026-06-10 05:59"])


def test_a_leap_day() -> None:
    assert next(due_after(When("0 12 29 2 *", "UTC"), BEGIN)) == utc(["2028-02-29 12:00"])[0]


@pytest.mark.parametrize(
    ("cron", "says"),
    [
        pytest.param("", "five fields", id="empty"),
        pytest.param("@daily", "five fields", id="a nickname"),
        pytest.param("* * * *", "five fields", id="four fields"),
        pytest.param("0 30 16 * * *", "seconds", id="seconds"),
        pytest.param("60 * * * *", "minute", id="no such minute"),
        pytest.param("* 24 * * *", "hour", id="no such hour"),
        pytest.param("0 0 30 2 *", "day-of-month", id="30 February"),
        pytest.param("0 0 31 2,4,6 *", "day-of-month", id="31 June"),
        pytest.param("*/0 * * * *", "minute", id="step of nothing"),
        pytest.param("5-1 * * * *", "minute", id="backwards"),
        pytest.param("١ * * * *", "minute", id="other digits"),
        pytest.param("$(id) * * * *", "minute", id="a command"),
        pytest.param("1/1/1 * * * *", "minute", id="two steps"),
        pytest.param(",".join(["1"] * 60) + " * * * *", "characters", id="long"),
    ],
)
def test_what_is_no_cron_expression(cron: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        checked_cron(cron)


def test_spaces_do_not_matter() -> None:
    assert checked_cron("  30\t16  * * mon-fri ") == "30 16 * * mon-fri"


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.text("0123456789*/,-#LW SUNMONJAN", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        cron = checked_cron(text)
    except ValueError:
        return
    assert next(due_after(When(cron, "Europe/Berlin"), BEGIN)) > BEGIN


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "localtime", "america/new_york", "UTC\x00", "a" * 64]
)
def test_what_is_no_time_zone(zone: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        checked_zone(zone)


def test_calendars_and_times_after_the_close() -> None:
    assert checked_calendar("xnys") == "XNYS"
    assert (checked_after_close("00:30"), checked_after_close(90), checked_after_close(0)) == ("00:30", "01:30", "00:00")
    for wrong in ("0:30", "24:00", "00:60", "half an hour", "٠٠:٣٠"):
        with pytest.raises(ValueError, match="HH:MM"):
            checked_after_close(wrong)
    with pytest.raises(ValueError, match="minutes"):
        checked_after_close(-1)
    with pytest.raises(ValueError, match="XLON"):
        checked_calendar("NYSE")
