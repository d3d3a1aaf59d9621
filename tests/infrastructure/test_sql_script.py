"""SQL scripts are split into the statements that an engine would see."""

from __future__ import annotations

import pytest

from infrastructure.sql.script import statements, without_comments


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(" ;; ; -- x\n/* y; */", [], id="blanks and comments"),
        pytest.param("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"], id="no semicolon at the end"),
        pytest.param("SELECT ';' ; SELECT 'it''s;'", ["SELECT ';'", "SELECT 'it''s;'"], id="quoted texts"),
        pytest.param('SELECT 1 AS "a;""b"; SELECT 2', ['SELECT 1 AS "a;""b"', "SELECT 2"], id="quoted names"),
        pytest.param("-- a; b\nSELECT 1; /* c; */ SELECT 2", ["-- a; b\nSELECT 1", "/* c; */ SELECT 2"], id="semicolons in comments"),
        pytest.param("DO $$ BEGIN; END $$; SELECT 1", ["DO $$ BEGIN; END $$", "SELECT 1"], id="a dollar-quoted body"),
        pytest.param("SELECT $a$ $$; $a$; SELECT 1", ["SELECT $a$ $$; $a$", "SELECT 1"], id="a tagged body"),
        pytest.param(
            "CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = 'end;'; DELETE FROM y; END; SELECT 1",
            ["CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = 'end;'; DELETE FROM y; END", "SELECT 1"],
            id="a trigger",
        ),
        pytest.param(
            "create temp trigger t after insert on x begin select case when 1 then 2 end; end /* x */ ; SELECT 1",
            ["create temp trigger t after insert on x begin select case when 1 then 2 end; end /* x */", "SELECT 1"],
            id="a trigger with an END inside",
        ),
        pytest.param("SELECT 1; /* a; b", ["SELECT 1"], id="an open comment"),
        pytest.param("SELECT 1; SELECT 'a; b", ["SELECT 1", "SELECT 'a; b"], id="an open text"),
        pytest.param("SELECT $1; SELECT $a$;", ["SELECT $1", "SELECT $a$;"], id="dollars that open nothing, and a body"),
    ],
)
def test_statements(script: str, expected: list[str]) -> None:
    assert list(statements(script)) == expected


def test_comments_are_taken_out_but_not_from_texts() -> None:
    assert without_comments("SELECT '--x' -- y\n, '/*z*/' /* w */").split() == ["SELECT", "'--x'", ",", "'/*z*/'"]
