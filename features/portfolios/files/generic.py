"""Tables of transactions of any origin, by the names of their columns, or by those that the sender gives.

A type is a word for it in one of some languages; where there is no such column, a quantity above 0 is a buy and one below 0 a sell, and an
amount without quantity a deposit or a withdrawal. The amount of a trade is before fee and tax; where there is a price, it counts alone.
Signs must not say another thing than the type: a buy of -5 is a fault, while a sell of -5 is what many write.
"""

from __future__ import annotations

from collections.abc import Iterator

from features.portfolios.files.booking import Booking
from features.portfolios.files.decimals import currency_beside
from features.portfolios.files.drafting import TRADES, TRANSFERS, Figures, booked, check_amount, wrong_sign
from features.portfolios.files.faults import quoted
from features.portfolios.files.layout import Layout, Row, Rows
from features.portfolios.files.words import Kind, kind_of
from models.currency import major_of
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat

COLUMNS = {
    "day": (
        "day", "date", "tradedate", "transactiondate", "datetime", "dateandtime", "timestamp", "time", "executiondate", "bookingdate",
        "settlementdate", "valuedate", "datum", "buchungstag", "buchungsdatum", "handelsdatum", "transactiedatum", "fecha", "data",
        "dateoperation", "dato",
    ),
    "type": (
        "type", "transactiontype", "action", "activity", "activitytype", "side", "buysell", "transaction", "operation", "kind", "typ",
        "art", "transaktionstyp", "umsatzart", "transactietype", "soort", "tipo", "operacion", "nature",
    ),
    "symbol": ("ticker", "symbol", "tickersymbol", "stocksymbol", "code", "instrument", "asset", "kurzel", "symbool"),
    "isin": ("isin", "isincode", "codeisin"),
    "name": (
        "name", "securityname", "security", "product", "instrumentname", "wertpapier", "wertpapiername", "produkt", "bezeichnung",
        "nombre",
    ),
    "quantity": (
        "quantity", "qty", "shares", "units", "noofshares", "numberofshares", "volume", "stuck", "anzahl", "menge", "aantal", "quantite",
        "cantidad", "quantita", "quantidade", "titulos", "antal",
    ),
    "price": (
        "price", "unitprice", "pricepershare", "shareprice", "priceshare", "tradeprice", "averageprice", "executionprice", "kurs", "preis",
        "koers", "prijs", "cours", "prix", "precio", "prezzo", "preco", "pris",
    ),
    "amount": (
        "amount", "grossamount", "gross", "total", "totalamount", "value", "netamount", "net", "proceeds", "betrag", "wert", "bruttobetrag",
        "bedrag", "waarde", "montant", "importe", "importo", "valor", "belob",
    ),
    "fee": (
        "fee", "fees", "commission", "commissions", "brokerage", "charges", "gebuhr", "gebuhren", "provision", "kosten", "frais",
        "comision",
    ),
    "tax": ("tax", "taxes", "withholdingtax", "steuer", "steuern", "belasting", "impot", "impots", "impuesto", "impuestos", "stampduty"),
    "currency": (
        "currency", "ccy", "transactioncurrency", "pricecurrency", "currencyprimary", "wahrung", "valuta", "devise", "moneda",
        "divisa", "moeda",
    ),
    "fx_rate": ("fxrate", "exchangerate", "rate", "fx", "wechselkurs", "devisenkurs", "wisselkoers", "tauxdechange", "tipodecambio"),
    "ratio": ("ratio", "splitratio"),
    "note": (
        "note", "notes", "comment", "comments", "description", "memo", "notiz", "kommentar", "bemerkung", "opmerking", "remarque",
        "nota",
    ),
}  # fmt: skip


def _book(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        figures = Figures(
            row.number("quantity"), row.number("price"), row.number("amount"), row.size("fee"), row.size("tax"), row.number("fx_rate")
        )
        kind = _kind(row, figures)
        wrong = None if kind is None else wrong_sign(kind.type, figures)
        if wrong is not None:
            row.fault(*wrong)
        elif kind is not None:
            currency = _currency(row)
            if kind.type in (*TRADES, *TRANSFERS):
                check_amount(row, figures, major_of(currency)[1])
            yield booked(row, kind, figures, currency, row.text("note"))


def _currency(row: Row) -> str:
    """The currency of a line: of its column, or beside its price or amount."""
    currency = row.text("currency")
    for column in ("price", "amount"):
        try:
            currency = currency_beside(row.text(column), currency)
        except ValueError as error:
            row.fault(column, str(error))
    return currency


def _kind(row: Row, figures: Figures) -> Kind | None:
    """The kind of a row; None for one that becomes a fault."""
    word = row.text("type")
    if not word and "type" not in row.rows.places:
        return _kind_by_sign(row, figures)
    kind = kind_of(word)
    if kind is None:
        known = ", ".join(Type)
        row.fault("type", f"{quoted(word)} is no known type. Write one of {known}, or leave the line out.")
    elif kind.type in (Type.DEPOSIT, Type.WITHDRAWAL) and figures.amount is None and not figures.price:
        row.fault("amount", f"A {kind.type} needs an amount.")
        return None
    return kind


def _kind_by_sign(row: Row, figures: Figures) -> Kind | None:
    if figures.quantity:
        return Kind(Type.BUY if figures.quantity > 0 else Type.SELL)
    if figures.amount:
        return Kind(Type.DEPOSIT if figures.amount > 0 else Type.WITHDRAWAL)
    row.fault("quantity", "There is neither a quantity nor an amount, and no column of types.")
    return None


GENERIC = Layout(StatementFormat.GENERIC, COLUMNS, frozenset({"day"}), _book)
