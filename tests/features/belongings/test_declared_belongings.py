"""Every table with rows of organizations or of people is declared: what is not would stay behind when they go."""

from __future__ import annotations

import pytest
from kit.belongings import tables_with
from sqlalchemy import inspect

import database
from app import Application
from features import FEATURES
from infrastructure.belonging import Belongings, Shown

BELONGINGS = Belongings.of(FEATURES)
OF_PEOPLE = {each.table for each in BELONGINGS.of_people}
SECRET = ("sha256", "secret", "password_hash", "public_key", "credential", "storage_key", "token")
# Digests of content, and what is no secret although it is called so.
NO_SECRETS = {"sha256", "request_sha256", "former_secret_until", "digest"}


def parents() -> dict[str, set[tuple[str, str]]]:
    """What each table refers to: the other table, and what happens when its row is deleted."""
    inspector = inspect(database.current().engine())
    tables = inspector.get_table_names()
    if database.current().is_sqlite:  # whose own words are whole
        rows = {table: database.query_db(f"SELECT * FROM pragma_foreign_key_list('{table}')") for table in tables}
        return {table: {(row["table"], row["on_delete"]) for row in rows[table]} for table in tables}
    keys = {table: inspector.get_foreign_keys(table) for table in tables}
    return {table: {(key["referred_table"], key["options"].get("ondelete", "")) for key in keys[table]} for table in tables}


@pytest.mark.usefixtures("backend")
def test_every_table_of_organizations_is_declared() -> None:
    declared = {each.table for each in BELONGINGS.of_organizations if each.through is None} - {"organizations"}
    assert set(tables_with("org_id")) == declared, "Declare the table in `belongings` of its feature."


@pytest.mark.usefixtures("backend")
def test_every_table_of_people_is_declared_and_goes_with_them() -> None:
    assert set(tables_with("user_id")) <= OF_PEOPLE, "Declare the table, with `person`, in `belongings` of its feature."
    of = parents()
    stays = {"users", "audit_log"}
    assert {table for table in OF_PEOPLE - stays if ("users", "CASCADE") not in of[table]} == set()


@pytest.mark.usefixtures("backend")
def test_every_part_of_what_is_removed_is_declared_too() -> None:
    """A part goes with its whole by itself, but then a job of 10,000 items would go in one transaction."""
    declared = {each.table for each in BELONGINGS.tables}
    assert {table for table, of in parents().items() if table not in declared and of and {name for name, _ in of} & declared} == set()


@pytest.mark.usefixtures("backend")
def test_rows_go_before_those_that_they_refer_to() -> None:
    order = [each.table for each in BELONGINGS.of_organizations if each.is_removed]
    assert len(order) == len(set(order)) > 50
    for table, of in parents().items():
        for other, _ in of:
            if table in order and other in order:
                assert order.index(table) < order.index(other), (table, other)


@pytest.mark.usefixtures("backend")
def test_the_declared_keys_are_those_of_the_tables() -> None:
    """Pages of an export go on behind the last key: two rows with one key would lose the second."""
    inspector = inspect(database.current().engine())
    for each in BELONGINGS.tables:
        key = set(inspector.get_pk_constraint(each.table)["constrained_columns"])
        assert key - {each.organization} <= set(each.key) <= key | {"id"}, each.table


@pytest.mark.usefixtures("backend")
def test_no_column_that_is_called_a_secret_is_exported() -> None:
    inspector = inspect(database.current().engine())
    exported = {
        f"{each.table}.{column['name']}"
        for each in BELONGINGS.tables
        if each.shown is not Shown.TO_NOBODY
        for column in inspector.get_columns(each.table)
        if column["name"] not in each.hidden and column["name"] not in NO_SECRETS and any(word in column["name"] for word in SECRET)
    }
    assert exported == set()


def test_features_stop_what_they_do_by_themselves(app: Application) -> None:
    """Stopping may come any number of times, also where there is nothing."""
    for _ in range(2):
        with database.transaction() as connection:
            app.services.foundation.stop_organization(connection, 1)
