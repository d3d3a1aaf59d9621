"""Macroeconomic series: uploaded as FRED gives them, read, replaced, deleted, and what is wrong with a file."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from kit.growth import check_growth
from kit.jobs import another_organization
from kit.macro import days_to, series_file
from kit.support import Client

import database
from api.application import Application
from features.macro.reading import read_series
from features.macro.service import head_of, save
from infrastructure.capability import Call, Reads
from models.api_key import SHARED_ORG
from models.macro_errors import MacroSeriesNotFound
from models.observations import Observations
from models.price_errors import PriceQuality
from utils.clock import now, today

CSV = {"Accept": "text/csv"}
FILE = "DATE,VALUE\n2024-01-01,3.7\n2024-02-01,.\n2024-03-01,3.8\n"


def put(client: Client, series: str, body: str | bytes = FILE, query: str = "", **more: Any) -> Any:
    return client.put(f"/macro/{series}{query}", body, **more)


def share(series: str, body: bytes) -> None:
    """Store a series for all, as a provider's."""
    read = read_series(body, series)
    with database.transaction() as connection:
        save(connection, SHARED_ORG, head_of(series, None, "fred", read, now()), read)


def test_a_series_is_stored_read_and_deleted(client: Client) -> None:
    stored = put(client, "unrate", query="?title=Unemployment rate").json
    assert (stored["series"], stored["title"], stored["source"], stored["own"]) == ("UNRATE", "Unemployment rate", "upload", True)
    assert (stored["observations"], stored["missing"], stored["first_day"], stored["last_day"]) == (2, 1, "2024-01-01", "2024-03-01")
    assert (stored["last_value"], stored["changed_by"]) == (3.8, "master")
    read = client.get("/macro/UNRATE").json
    assert (read["dates"], read["values"]) == (["2024-01-01", "2024-03-01"], [3.7, 3.8])
    assert client.get("/macro/UNRATE?start=2024-02-01&end=2024-03-01").json["values"] == [3.8]
    assert client.get("/macro/UNRATE?start=2025-01-01").json["values"] == []
    file = client.get("/macro/UNRATE", headers=CSV)
    assert file.data == b"DATE,VALUE\n2024-01-01,3.7\n2024-03-01,3.8\n"
    assert put(client, "COPY", file.data).json["observations"] == 2
    listed = client.get("/macro").json
    assert ([item["series"]["series"] for item in listed["items"]], listed["configured"]) == (["COPY", "UNRATE"], False)
    assert client.delete("/macro/unrate").status_code == 204
    assert client.get("/macro/UNRATE").status_code == client.delete("/macro/UNRATE").status_code == 404


def test_an_upload_replaces_and_keeps_the_title(client: Client) -> None:
    put(client, "A", query="?title=What it is")
    again = put(client, "A").json
    assert again["title"] == "What it is"
    changed = put(client, "A", "DATE,VALUE\n2025-01-01,1\n").json
    assert (changed["title"], changed["observations"], changed["missing"]) == ("What it is", 1, 0)


@pytest.mark.parametrize(
    "body",
    [
        "observation_date,UNRATE\n2024-01-01,3.7\n2024-03-01,3.8\n",
        "\ufeffDATE;UNRATE\r\n2024-01-01;3.7\r\n2024-03-01;3.8\r\n",
        "date\tother\tvalue\n2024-01-01\tx\t3.7\n2024-03-01\ty\t3.8",
        "2024-03-01,3.8\n2024-01-01,3.7\n\n2024-02-01,\n",
        "DATE,VALUE\n2024-01-01T00:00:00,3.7\n2024-03-01,3.8\n2024-03-01,3.8\n",
        json.dumps({"count": 3, "observations": [
            {"date": "2024-01-01", "value": "3.7", "realtime_start": "x"}, {"date": "2024-02-01", "value": "."},
            {"date": "2024-03-01", "value": 3.8},
        ]}),
    ],
    ids=["FRED", "semicolons", "tabs", "no header", "times and repetitions", "JSON"],
)  # fmt: skip
def test_files_as_people_have_them(client: Client, body: str) -> None:
    assert put(client, "UNRATE", body.encode()).status_code == 200
    read = client.get("/macro/UNRATE").json
    assert (read["dates"], read["values"]) == (["2024-01-01", "2024-03-01"], [3.7, 3.8])


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "line 1: The file is empty."),
        ("DATE,VALUE\n", "No day has a value."),
        ("DATE,VALUE\n2024-01-01,.\n", "No day has a value."),
        ("a,b,c\n1,2,3\n", "The header needs one column DATE"),
        ("DATE,A,B\n2024-01-01,1,2\n", "one column VALUE or UNRATE"),
        ("2024-01-01,1,2\n", "Give a file with more columns a header"),
        ("DATE,VALUE\n2024-01-01,1\n2024-13-01,2\n", "line 3: '2024-13-01' is no day"),
        ("DATE,VALUE\n01/31/2024,1\n", "write it YYYY-MM-DD"),
        ("DATE,VALUE\n2024-01-01,1\n2024-01-01,2\n", "line 3: 2024-01-01 is there twice"),
        ("DATE,VALUE\n2024-01-01,high\n", "'high' is no number"),
        ("DATE,VALUE\n2024-01-01,inf\n", "no number that can be"),
        ("DATE,VALUE\n2024-01-01,1_0\n", "no number that can be"),
        ("DATE,VALUE\n2024-01-01,1e99\n", "no number that can be"),
        ("DATE,VALUE\n1024-01-01,1\n", "days are from 1600"),
        ("<html>Sign in</html>", "The header needs"),
        ('{"error": 1}', "no list `observations`"),
        ('{"observations": [1]}', "'' is no day"),
        ("{", "cannot be read as JSON"),
        ("DATE,VALUE\n" + "".join(f"{day},1\n" for day in days_to(date(2100, 1, 1), 50_001)), "at most 50,000 days"),
    ],
)
def test_faults_are_told_with_their_line(client: Client, body: str, problem: str) -> None:
    answer = put(client, "UNRATE", body)
    assert (answer.status_code, answer.json["code"]) == (422, "price_quality")
    assert problem in answer.json["detail"]
    assert client.get("/macro/UNRATE").status_code == 404


def test_what_is_no_upload(client: Client) -> None:
    assert put(client, "A B").status_code == put(client, "regime").status_code == put(client, "A" * 41).status_code == 422
    assert put(client, "A", content_type="image/png").status_code == 415
    assert put(client, "A", b"x" * 5_100_000).status_code == 413
    assert put(client, "A", query="?nosuch=1").status_code == 422
    assert client.get("/macro/A?start=2025-01-02&end=2025-01-01").status_code == 422


def test_an_own_series_hides_the_shared_one(client: Client) -> None:
    share("UNRATE", b"DATE,VALUE\n2024-01-01,9\n")
    assert client.get("/macro/UNRATE").json["own"] is False
    refused = client.delete("/macro/UNRATE")
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    put(client, "UNRATE")
    assert [item["series"]["own"] for item in client.get("/macro").json["items"]] == [True]
    other = another_organization()
    assert client.get("/macro/UNRATE", key=other).json["values"] == [9.0]
    client.delete("/macro/UNRATE")
    assert client.get("/macro/UNRATE").json["values"] == [9.0]


def test_with_the_flag_off_nothing_is_stored(app: Application, client: Client) -> None:
    put(client, "A")
    app.services.flags.change(app.services.flags.find("macro"), False, None, "tests")
    assert put(client, "A").json["code"] == "feature_disabled"
    assert client.get("/macro/A").status_code == client.get("/macro/regime").status_code == 200


@pytest.mark.parametrize("piece", ["1", ",", '"', "2024-01-01,1\n", "\n", ".", "é", ";", "\t"])
def test_reading_grows_with_the_file(piece: str) -> None:
    def read(size: int) -> Any:
        body = (FILE + piece * (size // len(piece))).encode()

        def work() -> None:
            try:
                read_series(body, "A")
            except PriceQuality:
                return

        return work

    check_growth(read)


def test_packed_observations() -> None:
    days = days_to(today(), 5)
    packed = Observations.pack(days, [1.0, 2.5, -3.0, 0.0, 1e-9])
    assert (len(packed), packed.days(), packed.values()) == (5, days, [1.0, 2.5, -3.0, 0.0, 1e-9])
    assert packed.between(days[1], days[2]).values() == [2.5, -3.0]
    assert len(packed.between(None, days[0])) == 1


def test_the_capability_reads_a_series(client: Client) -> None:
    capability = client.app.services.foundation.capabilities.find("macro")
    put(client, "A", series_file(days_to(date(2024, 3, 1), 100), range(100)))

    def answer(**inputs: Any) -> Any:
        assert isinstance(capability.work, Reads)
        return capability.work.answer(database.current(), Call(1, "k", "test"), capability.inputs.model_validate(inputs))

    told = answer(series="a", limit=2)
    assert (told["values"], told["value"], told["last"]) == ([98.0, 99.0], 99.0, "2024-03-01")
    assert answer()["regime"] == "unknown"
    with pytest.raises(MacroSeriesNotFound):
        answer(series="NOSUCH")
