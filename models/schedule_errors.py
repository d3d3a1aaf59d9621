"""Errors about schedules: each says what happened and what to do."""

from __future__ import annotations

from datetime import datetime

from models.errors import BellwetherError, Conflict, NotFound


class ScheduleNotFound(NotFound):
    """There is no such schedule."""

    def __init__(self, schedule_id: str) -> None:
        self.schedule_id = schedule_id
        super().__init__("There is no schedule with this id. It may have been deleted; see GET /api/v1/schedules.")


class ScheduleExists(Conflict):
    """There is a schedule of this name already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a schedule called {name!r} already. Choose another name, or change that one.")


class TooManySchedules(Conflict):
    """There are as many schedules as can be stored."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most:,} schedules, which is the most that is stored. Delete one first.")


class ScheduleChanged(Conflict):
    """The schedule has changed meanwhile. Read it again and repeat the change."""


class ScheduleBehind(Conflict):
    """The dispatcher has not noted all due times that have passed."""

    def __init__(self) -> None:
        super().__init__(
            "Due times of this schedule have passed that no dispatcher has noted yet. Try again when next_due_at lies in the future."
        )


class ActionNotOffered(Conflict):
    """Nothing here does what the schedule is to do."""

    def __init__(self, action: str) -> None:
        self.action = action
        super().__init__(f"This installation has nothing that does '{action}', so it cannot be scheduled.")


class StillRunning(Conflict):
    """A firing of the schedule has not ended."""

    def __init__(self, due_at: datetime, job_id: str | None) -> None:
        self.job_id = job_id
        since = f"{due_at:%Y-%m-%d %H:%M} UTC"
        what = f"job {job_id}" if job_id is not None else "it waits"
        super().__init__(
            f"The firing of {since} has not ended ({what}). Wait for its end or cancel it; with overlap 'queue', another one waits."
        )


class InvalidSchedule(BellwetherError):
    """The schedule does not fit."""

    code = "validation_error"

    def __init__(self, field: str, message: str) -> None:
        self.problems = [(field, message)]
        super().__init__(f"{field}: {message}")
