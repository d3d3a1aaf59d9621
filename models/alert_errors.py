"""Errors of alerts and their rules."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import BellwetherError, Conflict, NotFound


class AlertNotFound(NotFound):
    """There is no such alert."""

    def __init__(self, alert_id: str) -> None:
        self.alert_id = alert_id
        super().__init__("There is no alert with this id. Alerts are kept for a year; see GET /api/v1/alerts.")


class AlertRuleNotFound(NotFound):
    """There is no such rule."""

    def __init__(self, rule_id: str) -> None:
        self.rule_id = rule_id
        super().__init__("There is no alert rule with this id. It may have been deleted; see GET /api/v1/alert-rules.")


class RuleNamesNothing(BellwetherError):
    """A rule would name what there is not."""

    code = "validation_error"

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        """`problems` are fields, each with a sentence."""
        self.problems = list(problems)
        super().__init__(f"{problems[0][0]}: {problems[0][1]}")


class TooManyAlertRules(Conflict):
    """There are as many rules as can be stored."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"There are {most} alert rules, which is the most that are stored. Delete one, or let one watch a universe.")


class TooManyTickersOfRule(Conflict):
    """A rule would watch more tickers than it can."""

    def __init__(self, count: int, most: int) -> None:
        self.count, self.most = count, most
        super().__init__(f"This rule would watch {count:,} tickers; {most:,} is the most. Choose a smaller universe or a watch list.")
