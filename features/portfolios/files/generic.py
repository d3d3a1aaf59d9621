"""Tables of transactions of any origin, by the names of their columns, or by those that the sender gives.

A type is a word for it in one of some languages; where there is no such column, a quantity above 0 is a buy and one below 0 a sell, and an
amount without quantity a deposit or a withdrawal. The amount is before fee and tax, and the net amount after them: what was paid for a
purchase, and what was left of a sale or a dividend. Where a trade has a price, the price counts alone.
Signs must not say another thing than the type: a buy of -5 is a fault, while a sell of -5 is what many write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from features.portfolios.files.booking import Booking
from features.portfolios.files.decimals import currency_beside, is_missing
from features.portfolios.files.drafting import TRADES, TRANSFERS, Figures, booked, check_amount, with_usual_rate, wrong_sign
from features.portfolios.files.faults import quoted
from features.portfolios.files.layout import NUMBERS, Layout, Row, Rows
from features.portfolios.files.words import Kind, kind_of
from models.currency import major_of
from models.portfolio import TransactionType as Type
from models.portfolio import decimal_text
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
        "amount", "grossamount", "gross", "total", "totalamount", "value", "proceeds", "betrag", "wert", "bruttobetrag",
        "bedrag", "waarde", "montant", "importe", "importo", "valor", "belob",
    ),
    "net": (
        "netamount", "net", "netvalue", "nettotal", "netproceeds", "nettobetrag", "netto", "nettobedrag", "montantnet", "importeneto",
        "importonetto", "valorliquido",
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
WITH_COSTS, LESS_COSTS = (Type.BUY, Type.WITHDRAWAL), (Type.SELL, Type.DIVIDEND, Type.INTEREST, Type.DEPOSIT)  # their net amounts


def _book(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        column = "net" if "net" in rows.places and is_missing(row.text("amount")) else "amount"
        figures = Figures(
            row.number("quantity"), row.number("price"), row.number(column), row.size("fee"), row.size("tax"), row.number("fx_rate")
        )
        kind = _kind(row, figures, column)
        wrong = None if kind is None else wrong_sign(kind.type, figures)
        if wrong is not None:
            row.fault(column if wrong[0] == "amount" else wrong[0], wrong[1])
        elif kind is not None:
            currency = _currency(row)
            if kind.type in (*TRADES, *TRANSFERS):
                figures = with_usual_rate(figures)
                check_amount(row, figures, major_of(currency)[1], column)
            if column == "net":
                figures = _before_costs(row, kind.type, figures)
            yield booked(row, kind, figures, currency, row.text("note"))


def _before_costs(row: Row, type_: Type, figures: Figures) -> Figures:
    """The figures of a net amount with the amount before fee and tax, where it counts."""
    costs = figures.fee + figures.tax
    if figures.amount is None or not costs or (type_ in TRADES and figures.price is not None):
        return figures
    if type_ in WITH_COSTS:
        amount = abs(figures.amount) - costs
    elif type_ in LESS_COSTS:
        amount = figures.amount + costs
    else:
        return figures
    if amount < 0 and type_ is not Type.INTEREST:
        row.fault("net", f"It is the amount after fee and tax, so before them it would be {decimal_text(amount)}.")
    return replace(figures, amount=amount)


def _currency(row: Row) -> str:
    """The currency of a line: of its column, or beside its price or amounts."""
    currency = row.text("currency")
    for column in ("price", "amount", "net"):
        try:
            currency = currency_beside(row.text(column), currency)
        except ValueError as error:
            row.fault(column, str(error))
    return currency


def _kind(row: Row, figures: Figures, amount: str) -> Kind | None:
    """The kind of a row, whose amount is in a column; None for one that becomes a fault."""
    word = row.text("type")
    if not word and "type" not in row.rows.places:
        return _kind_by_sign(row, figures)
    kind = kind_of(word)
    if kind is None:
        known = ", ".join(Type)
        row.fault("type", f"{quoted(word)} is no known type. Write one of {known}, or leave the line out.")
    elif kind.type in (Type.DEPOSIT, Type.WITHDRAWAL) and figures.amount is None and not figures.price:
        row.fault(amount, f"A {kind.type} needs an amount.")
        return None
    return kind


def _kind_by_sign(row: Row, figures: Figures) -> Kind | None:
    if figures.quantity:
        return Kind(Type.BUY if figures.quantity > 0 else Type.SELL)
    if figures.amount:
        return Kind(Type.DEPOSIT if figures.amount > 0 else Type.WITHDRAWAL)
    row.fault("quantity", "There is neither a quantity nor an amount, and no column of types.")
    return None


GENERIC = Layout(StatementFormat.GENERIC, COLUMNS, frozenset({"day"}), _book, numbers=(*NUMBERS, "net"))
