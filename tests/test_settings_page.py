"""docs/settings.md and .env.example equal the output of `make settings`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from config import Settings, variable_names
from models import setting_text
from tools import settings_page


def test_the_files_are_up_to_date() -> None:
    assert settings_page.DOCUMENT.read_text() == settings_page.render_page(), "run `make settings`"
    assert settings_page.EXAMPLE.read_text() == settings_page.render_example(), "run `make settings`"


def test_every_field_is_in_one_group() -> None:
    fields = [field for _, group in settings_page.fields_by_group() for field in group]
    assert fields == list(Settings.model_fields)
    assert all(group for _, group in settings_page.fields_by_group())


def test_every_variable_has_a_row() -> None:
    rows = re.findall(r"^\| `([A-Z][A-Z_]+)`", settings_page.render_page(), re.MULTILINE)
    assert rows == [variable_names(field)[0] for field in Settings.model_fields]
    for field in Settings.model_fields:
        for name in variable_names(field):
            assert f"`{name}`" in settings_page.render_page()


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        pytest.param({"type": "boolean"}, "true or false", id="switch"),
        pytest.param({"type": "integer", "minimum": 1, "maximum": 64}, "whole number from 1 to 64", id="between"),
        pytest.param({"type": "integer", "minimum": 0}, "whole number, 0 or more", id="at least zero"),
        pytest.param({"type": "number", "exclusiveMinimum": 0}, "number above 0", id="above"),
        pytest.param({"type": "number", "exclusiveMinimum": 0, "maximum": 120}, "number above 0 and up to 120", id="above and at most"),
        pytest.param({"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]}, "URL", id="optional URL"),
        pytest.param({"type": "string", "enum": ["a", "b"]}, "one of a, b", id="choice"),
        pytest.param({"type": "array", "items": {"type": "string"}}, "comma-separated list", id="list"),
    ],
)
def test_allowed_values_in_words(schema: dict[str, Any], words: str) -> None:
    assert setting_text.allowed_values(schema) == words


def test_the_template_loads_as_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every commented line can be uncommented without changing a setting."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(re.sub(r"^#(?=[A-Z_]+=)", "", settings_page.render_example(), flags=re.MULTILINE))
    loaded = Settings.load(_env_file=tmp_path / ".env")
    assert loaded == Settings.load(_env_file=None, environment_given="development")
    names = re.findall(r"^#?([A-Z_]+)=", settings_page.render_example(), re.MULTILINE)
    assert names == [variable_names(field)[0] for field in Settings.model_fields]
