"""The part of the story (tools/api_story.py) about imports, the originals of uploads, and kept reports."""

from __future__ import annotations

from collections.abc import Callable

from tools.api_recorder import Recorder

REPEATED = range(2)  # a request and its repetition, which gets the same answer


def split_after(file: bytes, rows: int) -> bytes:
    """The prices of a file as they were traded if the company split 2:1 after so many rows, beside adjusted closes."""
    header, *lines = file.decode().splitlines()
    told = [header.replace("Volume", "Adj Close,Volume")]
    for at, line in enumerate(lines):
        day, *traded, volume = line.split(",")
        shares = 2 if at < rows else 1
        told.append(",".join([day, *(f"{shares * float(price):g}" for price in traded), traded[3], volume]))
    return "\n".join([*told, ""]).encode()


def tell_of_imports(call: Recorder, run_jobs: Callable[[], None], file: bytes) -> None:
    """Import a file of prices for two tickers, and see its original."""
    header, *rows = file.decode().splitlines()
    table = "\n".join([f"Ticker,{header}", *(f"{ticker},{row}" for row in rows for ticker in ("ACME", "GLOBEX")), ""]).encode()
    call("import_prices", body=table, query={"dry_run": "true"})
    for _ in REPEATED:
        job = call("import_prices", body=table, header={"Idempotency-Key": "2026-11-20-import"})
    run_jobs()
    call("list_imported_files", import_id=job["params"]["import_id"])
    items = call("list_originals", ticker="GLOBEX")["items"]
    call("get_original", ticker="GLOBEX", file_id=items[0]["id"])
    call("delete_original", ticker="GLOBEX", file_id=items[0]["id"])
    call("get_original", ticker="GLOBEX", file_id=items[0]["id"])
    call("get_linked_file", link="expired")


def tell_of_kept_reports(call: Recorder, run_jobs: Callable[[], None]) -> None:
    """Have a report made, see it, and remove it."""
    order = {"type": "screener", "format": "csv", "filter": {"verdict": "Hold", "columns": "ticker,as_of,score,verdict"}}
    for key in ("2026-11-20-report", "2026-11-20-report-again"):
        for _ in REPEATED:
            report = call("create_report", body=order, header={"Idempotency-Key": key})["id"]
    call("create_report", body={"type": "ticker"})
    call("get_report_file", report_id=report)
    run_jobs()
    call("list_reports")
    call("get_report", report_id=report)
    call("get_report_file", report_id=report)
    call("get_report_link", report_id=report)
    call("delete_report", report_id=report)
    call("get_report", report_id=report)
