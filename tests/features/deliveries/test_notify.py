"""The capability `notify`: named channels get a message, and a call that is repeated after a crash sends nothing again."""

from __future__ import annotations

import pytest
from kit.channels import make_channel, rows
from pydantic import ValidationError

import database
from features.deliveries.capabilities import NotifyInputs, answer_notify
from infrastructure.capability import Call
from models.delivery_errors import ChannelNotFound


@pytest.mark.usefixtures("backend")
def test_the_same_call_sends_once() -> None:
    make_channel("Evening hook", "https://receiver.example/hook")
    inputs = NotifyInputs(channels=["evening HOOK"], subject="Nothing changed", items=["one", {"ticker": "AAPL", "score": 0.5}])
    answers = []
    for key in ("run-1:tell", "run-1:tell", "run-2:tell"):
        with database.transaction() as connection:
            answers.append(answer_notify(connection, Call(1, key, "a test"), inputs)["deliveries"])
    assert answers[0] == answers[1] != answers[2]
    assert len(rows()) == 2
    assert "ticker: AAPL · score: 0.5" in rows()[0]["message"]
    with database.transaction() as connection, pytest.raises(ChannelNotFound):
        answer_notify(connection, Call(1, "x", "a test"), NotifyInputs(channels=["Nobody"], subject="x"))


@pytest.mark.usefixtures("backend")
def test_numbers_are_told_for_readers() -> None:
    make_channel("hook", "https://receiver.example/hook")
    told = {"score": -0.30592337692260047, "close": 430.4700000001, "small": 0.000123456, "shares": 12000.0, "days": 3, "none": None}
    inputs = NotifyInputs(channels=["hook"], subject="Numbers", items=[told])
    with database.transaction() as connection:
        answer_notify(connection, Call(1, "run-1:tell", "a test"), inputs)
    assert "score: -0.306 · close: 430.47 · small: 0.000123 · shares: 12000 · days: 3" in rows()[0]["message"]


def test_a_subject_is_one_line() -> None:
    with pytest.raises(ValidationError):
        NotifyInputs(channels=["x"], subject="a\r\nBcc: b")
