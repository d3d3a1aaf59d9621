"""What was before a change, where the story of all operations does not come: what is replaced, removed in parts, or only refused there."""

from __future__ import annotations

from typing import Any

import pytest
from kit.accounts import person
from kit.macro import days_to, series_file
from kit.support import Client

import database
from app import Application
from utils.clock import today

MINE = {"id": "mine", "name": "Mine", "steps": [{"as": "list", "capability": "watchlist"}]}
BARS = "Date,Open,High,Low,Close,Volume\n" + "".join(f"2025-09-{day:02},10,11,9,10.5,{day}\n" for day in range(1, 31))


def newest(client: Client, action: str) -> Any:
    return client.get(f"/audit?action={action}&limit=1").json["items"][0]


def test_pipelines(client: Client) -> None:
    assert client("PUT", "/pipelines/mine", json=MINE).status_code == 201
    assert newest(client, "put_pipeline")["before"] is None
    assert client("PUT", "/pipelines/mine", json={**MINE, "name": "Ours", "description": "Of all"}).status_code == 201
    replaced = newest(client, "put_pipeline")
    assert replaced["before"] == {"version": 1, "name": "Mine"}
    assert replaced["after"] == {"version": 2, "name": "Ours", "description": "Of all"}
    assert client.post("/pipelines/mine/rollback", {"version": 1}).status_code == 200
    back = newest(client, "roll_back_pipeline")
    assert back["before"] == {"version": 2, "name": "Ours", "description": "Of all"}
    assert back["after"] == {"version": 3, "name": "Mine"}
    assert client.delete("/pipelines/mine").status_code == 204
    removed = newest(client, "delete_pipeline")
    assert (removed["before"], removed["after"]) == ({"version": 3, **MINE}, None)


def test_macroeconomic_series(client: Client) -> None:
    days = days_to(today(), 3)
    for values in ((1.0, 2.0, 3.0), (1.0, 2.0, 4.0)):
        assert client.put("/macro/MINE", series_file(days, values)).status_code == 200
    replaced = newest(client, "upload_macro")
    assert (replaced["before"]["last_value"], replaced["after"]["last_value"]) == (3.0, 4.0)
    assert "series" not in replaced["after"]
    assert client.delete("/macro/MINE").status_code == 204
    assert newest(client, "delete_macro")["before"]["last_value"] == 4.0


def test_exchange_rates(client: Client) -> None:
    for rate in (1.25, 1.5):
        assert client.post("/fx-rates", data=f"Date,USD\n2024-03-18,{rate}\n", content_type="text/csv").status_code == 200
    stored = newest(client, "upload_fx_rates")
    assert stored["before"] == {"USD": {"rates": 1, "last_day": "2024-03-18", "last_rate": 1.25}}
    assert stored["after"] == {"USD": {"rates": 1, "last_day": "2024-03-18", "last_rate": 1.5}}
    assert client.delete("/fx-rates/USD").status_code == 204
    assert newest(client, "delete_fx_rates")["before"]["last_rate"] == 1.5


def test_prices(client: Client) -> None:
    for text in (BARS, BARS.replace("10.5", "10.6")):
        assert client.put("/prices/ACME", text).status_code == 200
    replaced = newest(client, "upload_prices")
    assert replaced["before"] is not None
    assert replaced["before"].keys() == replaced["after"].keys()


def test_sign_ins(app: Application) -> None:
    ada = person(app, "ada@example.com")
    program, _, _ = ada.program(), ada.program(), ada.program()
    sessions = [each["id"] for each in program.get("/auth/sessions").json["items"] if not each["is_current"]]
    assert program("DELETE", f"/auth/sessions/{sessions[0]}").status_code == 204
    (entry,) = program.get("/audit?action=end_session").json["items"]
    assert (entry["before"]["id"], entry["before"]["address"], entry["after"]) == (sessions[0], "127.0.0.1", None)
    assert program("DELETE", "/auth/sessions").json == {"ended": 1}
    (entry,) = program.get("/audit?action=end_other_sessions").json["items"]
    assert (entry["before"], entry["after"]) == ({"sign_ins": 2}, {"sign_ins": 1})


SCHEDULE = {"name": "Evening", "cron": "30 17 * * *", "action": "refresh", "params": {"universe": "all"}}
REFUSE = "CREATE TRIGGER keep BEFORE DELETE ON schedules BEGIN SELECT RAISE(ABORT, 'kept'); END"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_deletion_that_stops_half_way_is_not_told(client: Client) -> None:
    """A schedule goes in several transactions. The entry is written by the one that deletes it."""
    made = client.post("/schedules", SCHEDULE).json
    database.execute_db(REFUSE)
    assert client.delete(f"/schedules/{made['id']}").status_code == 500
    assert client.get("/audit?action=delete_schedule").json["items"] == []
    database.execute_db("DROP TRIGGER keep")
    assert client.delete(f"/schedules/{made['id']}").status_code == 204
    assert client.get(f"/schedules/{made['id']}").status_code == 404
    (entry,) = client.get("/audit?action=delete_schedule").json["items"]
    assert (entry["target"], entry["before"]["name"], entry["after"]) == (f"schedules/{made['id']}", "Evening", None)
