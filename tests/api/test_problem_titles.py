"""The titles of problems."""

from __future__ import annotations

from http import HTTPStatus

from api.errors import STATUSES
from models.problem import title_of
from utils.api_utils import CODES


def test_every_code_has_a_title_of_its_own() -> None:
    codes = {*CODES.values(), *STATUSES, "malformed_json", "upgrade_required"}
    titles = [title_of(code) for code in codes]
    assert len(set(titles)) == len(titles)
    assert not set(titles) & {status.phrase for status in HTTPStatus}
