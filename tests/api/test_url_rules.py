"""The application's rules build the URLs that werkzeug's own rules build, and compile what builds them only then."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import pytest
from kit.support import settings_for
from werkzeug.routing import Map, Rule
from werkzeug.routing.exceptions import BuildError

from app import Application, create_app


@pytest.fixture
def unstarted(tmp_path: Path) -> Application:
    return create_app(settings_for(f"sqlite:///{tmp_path / 'b.db'}", tmp_path))


def test_urls_are_those_of_werkzeug(unstarted: Application) -> None:
    rules = list(unstarted.url_map.iter_rules())
    plain = Map(
        Rule(rule.rule, endpoint=rule.endpoint, methods=rule.methods, defaults=rule.defaults, websocket=rule.websocket) for rule in rules
    )
    ours, theirs = (urls.bind("host.example", url_scheme="https") for urls in (unstarted.url_map, plain))
    assert any(rule.arguments for rule in rules)
    for rule in rules:
        known = dict.fromkeys(rule.arguments, 7)
        for values in (known, {**known, "more": "ä b"}, known):
            assert ours.build(rule.endpoint, values) == theirs.build(rule.endpoint, values), rule
        if rule.arguments:
            with pytest.raises(BuildError):
                ours.build(rule.endpoint, {})


def test_creating_an_application_compiles_nothing(unstarted: Application) -> None:
    compiled = []

    def note(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and called is compile:
            compiled.append(frame.f_code.co_qualname)

    # The application of the fixture has loaded the modules.
    sys.setprofile(note)
    try:
        create_app(unstarted.services.settings)
    finally:
        sys.setprofile(None)
    assert compiled == []
