"""Degiro: the file Transactions, in the languages of its countries.

Columns: docs/degiro/transactions-versions.md of github.com/jose-pleonasm/Halir, and public tests of readers in other languages. The column
behind an amount, which has no name, is its currency; newer files have the account's currency in the name, as in `Value EUR`.

A trade is booked in the account's currency, in which Degiro moves cash: its amount is the value, and its fee the costs with those of
changing money (AutoFX). The price in the currency of the exchange goes into the note. A split is a sale and a purchase of one value
without an order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from features.portfolios.files.booking import Booking
from features.portfolios.files.drafting import Figures, booked
from features.portfolios.files.layout import Layout, Row, Rows
from features.portfolios.files.words import Kind
from features.prices.service import DateOrder
from models.portfolio import MOST_FOR_ONE, Draft, rounded_at
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat

COLUMNS = {
    "day": ("date", "datum", "fecha", "data"),
    "name": ("product", "produkt", "producto", "produit", "prodotto", "produto"),
    "isin": ("isin", "codeisin"),
    "quantity": ("quantity", "aantal", "anzahl", "numero", "quantite", "quantita", "quantidade", "liczba"),
    "price": ("price", "koers", "kurs", "precio", "cours", "quotazione", "preco", "precos"),
    "local": (
        "localvalue", "lokalewaarde", "wertinlokal*", "valorlocal", "valeurlocale", "montantdeviselocale", "valorelocale", "wartosclokalna",
    ),
    "value": ("value*", "waarde*", "wert*", "valor*", "valeur*", "montanteur", "valore*", "wartosc*"),
    "auto_fx": (
        "autofx*", "comisionautofx", "fraisautofx", "fraisconversionautofx", "commissioneautofx", "custoautofx", "taxaautofx",
    ),
    "fee": (
        "transaction*", "transactiekosten*", "transaktion*", "costes*", "fraisdecourtage*", "costi*", "custosdetransacao*",
        "opłatatransakcyjna*",
    ),
    "total": ("total*", "totaal*", "gesamt*", "totale*", "razem*", "montantnegocie*"),
    "order": ("orderid", "idorden", "idordre", "idordine", "iddaordem", "identyfikatorzlecenia"),
}  # fmt: skip


def _book(rows: Rows) -> Iterator[Booking]:
    without_order: dict[tuple[object, ...], list[Booking]] = {}
    for row in rows:
        booking = _trade(row)
        if booking is None:
            continue
        if row.text("order") or row.at(len(row.cells) - 1) or row.size("fee"):
            yield booking
        else:
            without_order.setdefault((row.day, row.text("isin"), row.size("value")), []).append(booking)
    for bookings in without_order.values():
        split = _split(bookings)
        yield from bookings if split is None else [split]


def _trade(row: Row) -> Booking | None:
    quantity, price, value = row.number("quantity"), row.number("price"), row.number("value")
    if not quantity:
        row.fault("quantity", "A trade needs its number of shares.")
        return None
    price_currency = row.beside("price")
    currency = currency_in(row.rows.name("value")) or row.beside("value") or price_currency
    fee = row.size("fee") + row.size("auto_fx")
    note, amount = "", None if value is None else abs(value)
    if price is not None and currency != price_currency and amount is not None:
        note = f"at {price.normalize():f} {price_currency}"
    elif price is not None and (amount is None or rounded_at(abs(price * quantity), 2) == amount):
        amount = None  # the price tells it
    figures = Figures(quantity, price if amount is None else None, amount, fee)
    return booked(row, Kind(Type.BUY if quantity > 0 else Type.SELL), figures, currency, note)


def currency_in(name: str | None) -> str:
    """The currency with which the name of a column ends, as in `Value EUR`; empty where it has none."""
    last = (name or "").split(" ")[-1]
    return last if len(last) == 3 and last.isascii() and last.isupper() else ""


def _split(bookings: list[Booking]) -> Booking | None:
    """The split that a sale and a purchase of one value are; None where they are something else."""
    sold = [booking for booking in bookings if booking.draft.type is Type.SELL]
    bought = [booking for booking in bookings if booking.draft.type is Type.BUY]
    if len(sold) != 1 or len(bought) != 1:
        return None
    old, new = sold[0].draft.quantity, bought[0].draft.quantity
    if not old or not new or old == new:
        return None
    ratio = Fraction(new / old).limit_denominator(1_000)
    if not 0 < ratio <= MOST_FOR_ONE:
        return None
    draft = Draft(Type.SPLIT, sold[0].draft.day, sold[0].draft.currency, numerator=ratio.numerator, denominator=ratio.denominator)
    return replace(sold[0], draft=draft)


DEGIRO_TRANSACTIONS = Layout(
    StatementFormat.DEGIRO_TRANSACTIONS,
    COLUMNS,
    frozenset({"day", "isin", "name", "quantity", "price", "local", "value"}),
    _book,
    DateOrder.DMY,
    ("quantity", "price", "local", "value", "fee", "total"),
)
