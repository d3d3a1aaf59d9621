"""Portfolio Performance: what File > Export writes of the transactions of an account or of a securities account, in any of its languages.

Columns: name.abuchen.portfolio/src/name/abuchen/portfolio/datatransfer/csv/exporter/CSVExporter.java of
github.com/portfolio-performance/portfolio, whose `writeHeader` has their order and whose messages_*.properties have their names. The value
is net, and its sign differs between the two exports: of a buy it is what was paid with fees and taxes, of a sale and of a dividend what was
left.

pytr's table of a Trade Republic account is of the same make, without currencies, which are euros: samples/traderepublic-export.csv of
github.com/dickwolff/Export-To-Ghostfolio.
"""

from __future__ import annotations

from collections.abc import Iterator

from features.portfolios.files.booking import Booking
from features.portfolios.files.drafting import TRADES, TRANSFERS, Figures, booked, wrong_sign
from features.portfolios.files.faults import quoted
from features.portfolios.files.layout import Layout, Row, Rows
from features.portfolios.files.words import Kind, kind_of
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat

COLUMNS = {
    "day": ("date", "datum", "fecha", "data"),
    "type": ("type", "typ", "transactietype", "tipo"),
    "amount": ("value", "wert", "waarde", "waardenetto", "valeur", "valor", "valore"),
    "currency": (
        "transactioncurrency", "buchungswahrung", "transactievaluta", "devisedelatransaction", "divisadelatransaccion", "valutatransazione",
    ),
    "gross": ("grossamount", "bruttobetrag", "brutobedrag", "montantbrut", "importebruto", "importolordo"),
    "gross_currency": ("currencygrossamount", "wahrungbruttobetrag", "valutabrutobedrag", "devisemontantbrut", "divisaimportebruto"),
    "exchange": ("exchangerate", "wechselkurs", "wisselkoers", "tauxdechange", "tipodecambio"),
    "fee": ("fees", "gebuhren", "kosten", "frais", "comisiones", "commissioni"),
    "tax": ("taxes", "steuern", "belastingen", "belasting", "impots", "impuestos", "imposte"),
    "quantity": ("shares", "stuck", "aantal", "actions", "acciones", "azioni"),
    "isin": ("isin",),
    "symbol": ("tickersymbol", "ticker", "symbool"),
    "name": ("securityname", "wertpapiername", "effectennaam", "nomdutitre", "nombredelvalor"),
    "note": ("note", "notiz", "opmerking", "notitie", "nota"),
}  # fmt: skip
EURO = "EUR"


def _book(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        booking = _booking(row, row.text("currency"), row.text("note"))
        if booking is not None:
            yield booking


def _book_euros(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        booking = _booking(row, EURO, "")
        if booking is not None:
            yield booking


def _booking(row: Row, currency: str, note: str) -> Booking | None:
    word = row.text("type")
    kind = kind_of(word)
    if kind is None:
        row.fault("type", f"{quoted(word)} is no type that is known of Portfolio Performance. Leave the line out, or export in English.")
        return None
    net, fee, tax, quantity = row.number("amount"), row.size("fee"), row.size("tax"), row.number("quantity")
    if net is None:
        row.fault("amount", "The line has no value.")
        return None
    wrong = wrong_sign(kind.type, Figures(quantity, None, net))
    if wrong is not None:
        row.fault(*wrong)
        return None
    size = abs(net)
    if kind.type in (Type.BUY, Type.DEPOSIT):
        amount = size - fee - tax
    elif kind.type in (Type.SELL, Type.DIVIDEND):
        amount = size + fee + tax
    elif kind.type in (Type.INTEREST, Type.WITHDRAWAL):
        amount = size + tax if kind.type is Type.INTEREST else size - fee - tax
    elif kind.type in TRANSFERS and not quantity:
        kind, amount = Kind(Type.DEPOSIT if kind.type is Type.TRANSFER_IN else Type.WITHDRAWAL), size  # between accounts for cash
    else:
        amount = size
    if kind.type in TRADES and not quantity:
        row.fault("quantity", "A trade needs its number of shares. Export the transactions of the account with all columns.")
        return None
    return booked(row, kind, Figures(quantity, None, amount, fee, tax), currency, note)


PORTFOLIO_PERFORMANCE = Layout(
    StatementFormat.PORTFOLIO_PERFORMANCE, COLUMNS, frozenset({"day", "type", "amount", "currency", "quantity", "isin", "note"}), _book
)
_WITHOUT = ("currency", "gross", "gross_currency", "exchange", "symbol")
TRADE_REPUBLIC_TABLE = Layout(
    StatementFormat.TRADE_REPUBLIC_TABLE,
    {
        **{column: names for column, names in COLUMNS.items() if column not in _WITHOUT},
        "name": ("note", "notiz", "opmerking", "notitie", "nota"),
        "note": (),
    },
    frozenset({"day", "type", "amount", "isin", "quantity", "fee", "tax", "name"}),
    _book_euros,
)
