"""Serves the same prices for some tickers as a CSV file, on loopback: a provider for the examples."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def price_files(tickers: Collection[str], file: bytes) -> Iterator[str]:
    """A server on a free port until the end of the block; its address as CSV_URL_TEMPLATE takes it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = self.path.strip("/").removesuffix(".csv") in tickers
            body = file if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{{ticker}}.csv"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
