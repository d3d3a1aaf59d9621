"""Where rules stand during one evaluation: as it was stored, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping

from models.alert import Standing, StateKey

_UNKNOWN = Standing()


class Standings:
    """Reads and keeps standings; nothing is stored."""

    def __init__(self, stored: Mapping[StateKey, Standing]) -> None:
        self._now = dict(stored)
        self._changed: dict[StateKey, Standing] = {}

    def add(self, stored: Mapping[StateKey, Standing]) -> None:
        """Take in more of what was stored, which nothing has changed yet."""
        self._now = {**stored, **self._now}

    def of(self, key: StateKey) -> Standing:
        """Where a rule stands; what has seen nothing is in the state `normal` without a day."""
        return self._now.get(key, _UNKNOWN)

    def put(self, key: StateKey, standing: Standing) -> None:
        """Keep where a rule stands now."""
        if standing != self._now.get(key):
            self._now[key] = self._changed[key] = standing

    def result_ids(self) -> set[str]:
        """The results that were seen last."""
        return {standing.result_id for standing in self._now.values() if standing.result_id is not None}

    def changed(self) -> Mapping[StateKey, Standing]:
        """What is to be stored."""
        return self._changed
