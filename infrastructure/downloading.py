"""Downloads a file that is asked for again and again, and says when to ask again after failures."""

from __future__ import annotations

from datetime import timedelta

from infrastructure.outbound import AddressRefused, Outbound, OutboundError, OutboundLimits, OutboundRequest

FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=1)
MOST_DOUBLINGS = 8


def download(outbound: Outbound, request: OutboundRequest, limits: OutboundLimits, what: str) -> bytes:
    """The whole file. Raises ValueError with a sentence, which calls it `what`."""
    try:
        answer = outbound.send(request, limits)
    except (AddressRefused, OutboundError) as error:
        raise ValueError(str(error)) from error
    if answer.status != 200:
        raise ValueError(f"The provider answered with the status {answer.status}.")
    if answer.is_cut:
        raise ValueError(f"The file of {what} is larger than {limits.most_bytes // 1_000_000} MB.")
    return answer.body


def pause_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row, 1 or more: twice as long each time, and never longer than LONGEST_PAUSE."""
    pause: timedelta = FIRST_PAUSE * 2 ** min(failures - 1, MOST_DOUBLINGS)
    return min(pause, LONGEST_PAUSE)
