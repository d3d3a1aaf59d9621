"""Degiro: the file Account, in the languages of its countries.

Columns and descriptions: samples/degiro-export.csv and samples/degiro-v3-export.csv of github.com/dickwolff/Export-To-Ghostfolio. The
column with the name of a change is its currency, and the one behind it the amount.

What a line is stands in its description. Lines of one order belong together: the trade, its costs, and the money that was changed for it,
so that a trade is booked in the currency in which the account paid it. What only moves cash within Degiro is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from features.portfolios.files.booking import Booking
from features.portfolios.files.drafting import Figures, booked
from features.portfolios.files.faults import quoted
from features.portfolios.files.layout import ZERO, Layout, Row, Rows, plain
from features.portfolios.files.pairing import merged_dividends
from features.portfolios.files.sheet import Record
from features.portfolios.files.words import Kind, kind_of
from features.prices.service import DateOrder
from models.portfolio import PLACES, Draft, rounded_at
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat

COLUMNS = {
    "day": ("date", "datum", "fecha", "data"),
    "value_day": ("valuedate", "valutadatum", "datede*", "fechavalor", "datavalore", "datavalor"),
    "name": ("product", "produkt", "producto", "produit", "prodotto", "produto"),
    "isin": ("isin", "codeisin"),
    "description": ("description", "omschrijving", "beschreibung", "descripcion", "descrizione", "descricao"),
    "change": ("change", "mutatie", "anderung", "mouvements", "variacion", "variazioni", "mudanca"),
    "order": ("orderid", "idorden", "idordre", "idordine", "iddaordem"),
}
# What the plain description of a line has in it; the first that fits tells what the line is.
WITHIN = (
    "cashsweep", "overboeking", "reservation", "reservering", "moneymarketfund", "cashmarketfund", "geldmarktfonds",
    "processedflatexwithdrawal",
    "transferfromyourcash", "transfertoyourcash", "ubertrag", "virementdepuisvotre", "virementversvotre", "transferirdasuaconta",
)  # fmt: skip
EXCHANGES = (
    "fxcredit", "fxdebit", "valutacreditering", "valutadebitering", "wahrungswechsel", "cambiodedivisa", "operationdechange",
    "currencyexchange",
    "creditodedivisa", "levantamentodedivisa", "cambiovaluta",
)  # fmt: skip
DIVIDEND_TAXES = (
    "dividendtax", "dividendbelasting", "dividendensteuer", "impotssurdividende", "retenciondeldividendo", "ritenutasuldividendo",
    "impostosobredividendo", "impostododividendo",
)  # fmt: skip
DIVIDENDS = ("dividend", "funddistribution", "fondsausschuttung", "distribution")
TRADE_COSTS = (
    "transaction",
    "transactiekosten",
    "transaktion",
    "courtage",
    "comissoesdetransacao",
    "costesdetransaccion",
    "costiditransazione",
)
COSTS = (
    "connection",
    "aansluitingskosten",
    "fraisdeconnexion",
    "conectividad",
    "handelsmodalitaten",
    "fee",
    "kosten",
    "gebuhr",
    "frais",
    "transactiebelasting",
)
INTERESTS = ("interest", "zinsen", "rente", "interets", "intereses", "juros")
PAYMENTS = (
    "deposit", "storting", "einzahlung", "versement", "ingreso", "withdrawal", "terugstorting", "auszahlung", "retrait", "retirada",
    "prelievo",
    "levantamento",
)  # fmt: skip
CONVERSION = "Currency conversion"


@dataclass
class _Order:
    """The lines of an order."""

    trades: list[tuple[Row, Decimal, Decimal]] = field(default_factory=list)  # with the quantity, signed, and the change of cash
    costs: list[tuple[Row, Decimal]] = field(default_factory=list)
    changed: list[tuple[Row, Decimal]] = field(default_factory=list)


def _book(rows: Rows) -> Iterator[Booking]:
    rows.records = list(_joined(rows.records, rows.places["order"]))
    orders: dict[str, _Order] = {}
    yield from merged_dividends(_alone(rows, orders), rows.faults)
    for order in orders.values():
        yield from _of_order(order)


def _joined(records: Iterable[Record], place: int) -> Iterator[Record]:
    """The rows; one that has nothing but the rest of an order's id is put to the one before."""
    last: Record | None = None
    for line, cells in records:
        if last is not None and len(cells) > place and [cell for cell in cells if cell.strip()] == [cells[place]] and cells[place].strip():
            last[1][place] += cells[place].strip()
            continue
        if last is not None:
            yield last
        last = line, cells
    if last is not None:
        yield last


def _alone(rows: Rows, orders: dict[str, _Order]) -> Iterator[Booking]:
    """The bookings of lines that stand alone; those of orders are added to `orders`."""
    for row in rows:
        description = row.text("description")
        words = plain(description)
        change = row.number_in(row.beside("change"), row.rows.name("change")) or ZERO
        order = orders.setdefault(row.text("order") or f"line {row.line}", _Order())
        traded = _traded(row, description)
        if _has(words, WITHIN) or (change == 0 and traded is None):
            row.leave_out("It moves cash within Degiro.")
        elif traded is not None and (":" in description.split("@")[0]):
            row.leave_out(
                f"A corporate action, {quoted(description)}: add what it changed by hand, unless it is a split that is known here."
            )
        elif traded is not None:
            order.trades.append((row, traded, change))
        elif _has(words, EXCHANGES):
            order.changed.append((row, change))
        elif _has(words, TRADE_COSTS) and row.text("isin"):
            order.costs.append((row, change))
        else:
            yield from _payment(row, words, change)


def _payment(row: Row, words: str, change: Decimal) -> Iterator[Booking]:
    draft = Draft(Type.FEE, row.day, row.text("change"), amount=-change, note=row.text("description") or None)
    if _has(words, DIVIDEND_TAXES):
        yield Booking(row.line, replace(draft, type=Type.TAX), row.security())
    elif _has(words, DIVIDENDS):
        yield Booking(row.line, replace(draft, type=Type.DIVIDEND, amount=change), row.security())
    elif _has(words, PAYMENTS):
        yield Booking(row.line, replace(draft, type=Type.DEPOSIT if change > 0 else Type.WITHDRAWAL, amount=abs(change)))
    elif _has(words, INTERESTS) and change > 0:
        yield Booking(row.line, replace(draft, type=Type.INTEREST, amount=change))
    elif _has(words, COSTS) or _has(words, INTERESTS):
        yield Booking(row.line, draft)
    else:
        row.fault("description", f"{quoted(row.text('description'))} is not known of Degiro. Leave the line out, and add it by hand.")


def _has(words: str, parts: Sequence[str]) -> bool:
    return any(part in words for part in parts)


def _traded(row: Row, description: str) -> Decimal | None:
    """The shares of a trade, as in `Buy 4 AVIVA@496 GBX (…)` or `Koop 1 @ 33,9 USD`, below 0 for a sale; None for another line."""
    head, at, _ = description.partition("@")
    words = head.rpartition(":")[2].split()
    kind = kind_of(words[0]) if at and len(words) > 1 else None
    if kind is None or kind.type not in (Type.BUY, Type.SELL):
        return None
    quantity = row.number_in(words[1], row.rows.name("description"))
    return None if quantity is None else abs(quantity) * (1 if kind.type is Type.BUY else -1)


def _of_order(order: _Order) -> Iterator[Booking]:
    """The trades of an order, in the currency in which the account paid. Money that was changed for no trade is paid out and in."""
    if not order.trades:
        for row, change in order.changed:
            draft = Draft(Type.DEPOSIT if change > 0 else Type.WITHDRAWAL, row.day, row.text("change"), amount=abs(change), note=CONVERSION)
            yield Booking(row.line, draft)
    traded_in = order.trades[0][0].text("change") if order.trades else ""
    paid = [(row.text("change"), change) for row, change in order.changed if row.text("change") != traded_in]
    currency = paid[0][0] if order.trades and paid and len({name for name, _ in paid}) == 1 else traded_in
    whole = sum((change for _, _, change in order.trades), ZERO)
    rate = abs(sum((change for _, change in paid), ZERO) / whole) if currency != traded_in and whole else Decimal(1)
    costs = {id(row): change for row, change in order.costs if order.trades and row.text("change") == currency}
    fee = max(-sum(costs.values(), ZERO), ZERO)
    for number, (row, quantity, change) in enumerate(order.trades):
        description = row.text("description")
        note = f"at {description.partition('@')[2].split('(')[0].strip()}" if currency != traded_in else ""
        figures = Figures(quantity, None, rounded_at(abs(change) * rate, PLACES), ZERO if number else fee)
        yield booked(row, Kind(Type.BUY if quantity > 0 else Type.SELL), figures, currency, note)
    for row, change in order.costs:
        if id(row) not in costs and change:
            yield Booking(
                row.line, Draft(Type.FEE, row.day, row.text("change"), amount=-change, note=row.text("description")), row.security()
            )


DEGIRO_ACCOUNT = Layout(
    StatementFormat.DEGIRO_ACCOUNT,
    COLUMNS,
    frozenset({"day", "isin", "name", "description", "change", "order"}),
    _book,
    DateOrder.DMY,
    (),
)
