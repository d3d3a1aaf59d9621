"""The words for kinds of transactions in the languages of exports, in plain letters (layout.plain)."""

from __future__ import annotations

from typing import NamedTuple

from features.portfolios.files.layout import plain
from models.portfolio import TransactionType as Type


class Kind(NamedTuple):
    """A type of transaction; a refund is a negative one of what it gives back."""

    type: Type
    is_refund: bool = False


_WORDS: dict[Kind, str] = {
    Kind(
        Type.BUY
    ): "buy bought purchase b bot kauf aankoop koop achat compra acquisto kob kopt savingsplan savingsplanexecution sparplan reinvest",
    Kind(Type.SELL): "sell sold sale s sld verkauf verkoop vente venta venda vendita saelg salg",
    Kind(Type.DIVIDEND): "dividend dividends div dividende dividenden dividendo dividendi cashdividend distribution coupon ausschuttung"
    " paymentinlieuofdividends dividendreceived",
    Kind(
        Type.INTEREST
    ): "interest creditinterest zinsen rente interets interes intereses interessi juros interestpayment brokerinterestreceived",
    Kind(Type.FEE): "fee fees commission commissions gebuhren gebuhr kosten frais comision comisiones commissioni taxas otherfees"
    " interestcharge zinsbelastung rentelasten brokerinterestpaid debitinterest",
    Kind(Type.FEE, True): "feesrefund feerefund gebuhrenerstattung",
    Kind(Type.TAX): "tax taxes withholdingtax steuern steuer belasting impots impot impuestos imposte impostos",
    Kind(Type.TAX, True): "taxrefund steuerruckerstattung steuererstattung belastingteruggave",
    Kind(Type.DEPOSIT): "deposit deposits inpayment payin einlage einzahlung storting depot versement deposito ingreso cashin",
    Kind(
        Type.WITHDRAWAL
    ): "withdrawal withdraw removal payout entnahme auszahlung onttrekking opname retrait retirada prelievo levantamento cashout",
    Kind(Type.TRANSFER_IN): "transferin transferinbound deliveryinbound einlieferung umbuchungeingang inboundtransfer",
    Kind(Type.TRANSFER_OUT): "transferout transferoutbound deliveryoutbound auslieferung umbuchungausgang outboundtransfer",
    Kind(Type.SPLIT): "split stocksplit aktiensplit forwardsplit reversesplit",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}


def kind_of(word: str) -> Kind | None:
    """The kind that a word of a file stands for, whatever its case and signs; None for a word that is not known."""
    return _KINDS.get(plain(word))
