"""A provider of prices on loopback that answers each request after a fixed time: `python -m benchmarks.slow_prices PORT SECONDS BARS`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime, timedelta

HEADER = "Date,Open,High,Low,Close,Volume"


def file_of(bars: int) -> bytes:
    """A CSV file of weekdays up to yesterday."""
    days: list[date] = []
    day = datetime.now(UTC).date() - timedelta(days=1)
    while len(days) < bars:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    lines = [f"{day},{100 + at % 7},{102 + at % 7},{99 + at % 7},{101 + at % 7},{90_000 + at}" for at, day in enumerate(reversed(days))]
    return "\n".join([HEADER, *lines, ""]).encode()


async def serve(port: int, seconds: float, bars: int) -> None:
    """Answer until the process is ended."""
    body = file_of(bars)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(seconds)
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
