"""The tickers of securities as files of transactions name them: what somebody told once holds for all later files of the organization."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from database import AnyReader
from features.portfolios.store import symbol as symbol_store
from models.statement import LONGEST_SECURITY, MOST_SYMBOLS
from models.statement_errors import TooManySymbols
from utils.clock import now


def security_key(text: str) -> str:
    """An ISIN, a symbol or a name as it is looked up: in capitals, with single blanks, cut at LONGEST_SECURITY; empty for a blank one."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text.upper())
    return " ".join(printable.split())[:LONGEST_SECURITY].rstrip()


def list_symbols(connection: AnyReader, org_id: int) -> dict[str, str]:
    """The ticker of each security that the organization has told, by `security_key`."""
    return symbol_store.list_symbols(connection, org_id)


def remember(connection: Connection, org_id: int, symbols: Mapping[str, str | None]) -> dict[str, str]:
    """Keep tickers of securities, and forget those that are None; return all that are kept. Raises TooManySymbols."""
    told = {key: ticker for security, ticker in symbols.items() if (key := security_key(security))}
    symbol_store.put(connection, org_id, {security: ticker for security, ticker in told.items() if ticker is not None}, now())
    symbol_store.delete(connection, org_id, [security for security, ticker in told.items() if ticker is None])
    if symbol_store.count(connection, org_id) > MOST_SYMBOLS:
        raise TooManySymbols(MOST_SYMBOLS)
    return list_symbols(connection, org_id)
