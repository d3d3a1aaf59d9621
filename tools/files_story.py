"""The part of the story (tools/api_story.py) about imports, and about the originals of uploads."""

from __future__ import annotations

from collections.abc import Callable

from tools.api_recorder import Recorder

REPEATED = range(2)  # a request and its repetition, which gets the same answer


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
