"""What the tests of alerts share."""

from __future__ import annotations

import pytest
from kit.alerting import Evening

from api.application import Application


@pytest.fixture
def evening(app: Application) -> Evening:
    """Events and results of the first organization; what was before is past."""
    made = Evening(app)
    made.evaluate()
    return made
