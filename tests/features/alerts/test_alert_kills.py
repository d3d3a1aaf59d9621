"""The evaluation of rules is cut off between any two statements, and done by two at once: no alert is lost, and none is there twice."""

from __future__ import annotations

import threading
from typing import Any

from kit.alerting import Evening, Said, alerts, make_rule, weekday
from kit.effort import IS_WHOLE
from kit.statements import Killed, killed_at
from kit.support import Client
from sqlalchemy import text

import database
from infrastructure.outbox import hand_out

TICKERS = [f"T{number}" for number in range(8)]
FEWEST_STATEMENTS = 15  # of an evaluation
MOST_KILLS = 240 if IS_WHOLE else 60


def rows(statement: str) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(text(statement)))


def told_of() -> list[str]:
    """The tickers of the events of alerts."""
    return sorted(
        row[0] for row in rows("SELECT a.ticker FROM events AS e JOIN alerts AS a ON a.id = e.subject WHERE e.type = 'alert.fired'")
    )


def turn(evening: Evening, number: int) -> None:
    """All tickers turn to the other side, and a job ends."""
    for ticker in TICKERS:
        evening.result(weekday(number), Said(0.3 if number % 2 else -0.3, ticker=ticker))
    evening.ended()


def test_an_evaluation_that_is_cut_off_anywhere_loses_nothing(client: Client, evening: Evening) -> None:
    make_rule(client, tickers=TICKERS, conditions={"to": ["Buy"], "dead_band": 0})
    turn(evening, 0)
    evening.evaluate()
    kills = 0
    for number in range(1, MOST_KILLS):
        turn(evening, number)
        try:
            with killed_at(number):
                hand_out(database.current(), [evening.subscriber])
        except Killed:
            kills += 1
        evening.evaluate()
        assert told_of() == sorted(TICKERS * ((number + 1) // 2)), f"cut off at statement {number}"
    assert kills >= FEWEST_STATEMENTS
    assert len(rows("SELECT 1 FROM alerts")) == len(told_of())


def test_two_that_evaluate_at_once_tell_each_alert_once(client: Client, evening: Evening) -> None:
    make_rule(client, tickers=TICKERS, conditions={"to": ["Buy"], "dead_band": 0})
    turn(evening, 0)
    evening.evaluate()
    for number in range(1, 9):
        turn(evening, number)
        begin = threading.Barrier(4)

        def look(begin: threading.Barrier = begin) -> None:
            begin.wait()
            hand_out(database.current(), [evening.subscriber])

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        evening.evaluate()
        assert told_of() == sorted(TICKERS * ((number + 1) // 2))
    assert len(alerts(client)) == len(TICKERS) * 4


def test_many_rules_and_tickers_take_a_few_statements(client: Client, evening: Evening) -> None:
    tickers = [f"M{number}" for number in range(120)]
    for number in range(10):
        make_rule(client, name=f"Rule {number}", tickers=tickers, conditions={"dead_band": 0})
    for ticker in tickers:
        evening.result(weekday(0), Said(0.0, ticker=ticker))
    evening.ended()
    evening.evaluate()
    for ticker in tickers:
        evening.result(weekday(1), Said(0.3, ticker=ticker))
    evening.ended()
    with killed_at(0) as statements:
        evening.evaluate()
    assert len(rows("SELECT 1 FROM alerts")) == 1200
    assert len(statements) < 60
