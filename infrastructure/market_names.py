"""The names under which sources tell an exchange, by its market identifier code (ISO 10383)."""

from __future__ import annotations

import re

_CODE = re.compile(r"[A-Z0-9]{4}")
# As providers, files of constituents and people write them; case, spaces and signs do not count. The short ones are Tiingo's and Yahoo's.
_NAMES: dict[str, tuple[str, ...]] = {
    "ARCX": ("NYSE Arca", "Arca", "PCX"),
    "BATS": ("BTS", "BZX", "Cboe BZX", "Cboe US", "Bats Global Markets"),
    "BVMF": ("B3", "Bovespa", "SAO", "Sao Paulo"),
    "NEOE": ("NEO", "Cboe Canada", "NEO Exchange"),
    "OTCM": (
        "OTC", "OTC Markets", "OTC Pink", "OTCBB", "OTCCE", "OTCGREY", "OTCMKTS", "OTCQB", "OTCQX", "OEM", "OQB", "OQX", "Pink", "PNK",
        "Pink Sheets", "Other OTC",
    ),
    "ROCO": ("TWO", "Taipei Exchange", "TPEx"),
    "XAMS": ("AMS", "Amsterdam", "Euronext Amsterdam"),
    "XASE": ("AMEX", "American Stock Exchange", "NYSE Amex", "NYSE American", "NYSE MKT"),
    "XASX": ("ASX", "Australian Securities Exchange", "Sydney"),
    "XBER": ("BER", "Berlin"),
    "XBOM": ("BSE", "BSE India", "BSE Ltd", "Bombay", "Bombay Stock Exchange"),
    "XBRU": ("BRU", "Brussels", "Euronext Brussels"),
    "XCNQ": ("CNQ", "CSE", "Canadian Securities Exchange"),
    "XCSE": ("CPH", "Copenhagen", "Nasdaq Copenhagen"),
    "XDUB": ("Dublin", "Euronext Dublin"),
    "XDUS": ("DUS", "Dusseldorf", "Düsseldorf"),
    "XETR": ("XETRA", "GER", "Deutsche Boerse Xetra", "Deutsche Börse Xetra"),
    "XFRA": ("FRA", "FSX", "FWB", "Frankfurt", "Boerse Frankfurt", "Börse Frankfurt"),
    "XHAM": ("HAM", "Hamburg"),
    "XHEL": ("HEL", "Helsinki", "Nasdaq Helsinki"),
    "XHKG": ("HKEX", "HKG", "HKSE", "SEHK", "Hong Kong", "Hong Kong Stock Exchange", "Stock Exchange of Hong Kong"),
    "XICE": ("ICE", "Nasdaq Iceland"),
    "XJSE": ("JNB", "JSE", "Johannesburg", "Johannesburg Stock Exchange"),
    "XKOS": ("KOE", "KOSDAQ"),
    "XKRX": ("KRX", "KSC", "KSE", "KOSPI", "Korea Exchange"),
    "XLIS": ("LIS", "Lisbon", "Euronext Lisbon"),
    "XLON": ("LSE", "LON", "London", "London Stock Exchange"),
    "XMAD": ("BME", "MCE", "Madrid", "Bolsa de Madrid"),
    "XMEX": ("BMV", "MEX", "Mexico", "Bolsa Mexicana de Valores"),
    "XMIL": ("MIL", "MTA", "Milan", "Borsa Italiana", "Euronext Milan"),
    "XMUN": ("MUN", "Munich", "München"),
    "XNAS": ("NAS", "NASDAQ", "NasdaqQMX", "NASDAQ Stock Exchange", "NASDAQ Stock Market", "NASDAQ US", "NCM", "NGM", "NMS"),
    "XNCM": ("NasdaqCM", "NASDAQ Capital Market", "NASDAQ CM"),
    "XNGS": ("NasdaqGS", "NASDAQ Global Select", "NASDAQ Global Select Market", "NASDAQ/NGS (Global Select Market)"),
    "XNMS": ("NasdaqGM", "NASDAQ Global Market"),
    "XNSE": ("NSE", "NSI", "NSE India", "National Stock Exchange of India"),
    "XNYS": ("NYSE", "NYQ", "NYS", "New York", "New York Stock Exchange", "New York Stock Exchange Inc"),
    "XNZE": ("NZE", "NZX", "New Zealand Exchange"),
    "XOSL": ("OSL", "Oslo", "Oslo Bors", "Oslo Børs", "Euronext Oslo"),
    "XPAR": ("PAR", "Paris", "Euronext Paris"),
    "XSES": ("SES", "SGX", "Singapore", "Singapore Exchange"),
    "XSHE": ("SHE", "SHZ", "SZSE", "Shenzhen", "Shenzhen Stock Exchange"),
    "XSHG": ("SHG", "SHH", "Shanghai", "Shanghai Stock Exchange"),
    "XSTO": ("STO", "OMX Stockholm", "Stockholm", "Nasdaq Stockholm"),
    "XSTU": ("STU", "Stuttgart"),
    "XSWX": ("EBS", "SIX", "SIX Swiss Exchange", "Swiss Exchange", "Zurich"),
    "XTAI": ("TAI", "TWSE", "Taiwan Stock Exchange"),
    "XTKS": ("JPX", "TYO", "Tokyo", "Tokyo Stock Exchange", "Japan Exchange Group"),
    "XTSE": ("TOR", "TSX", "Toronto", "Toronto Stock Exchange"),
    "XTSX": ("TSXV", "VAN", "TSX Venture", "TSX Venture Exchange"),
    "XWBO": ("VIE", "Vienna", "Wiener Boerse", "Wiener Börse"),
}  # fmt: skip


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())


_BY_NAME = {_plain(name): mic for mic, names in _NAMES.items() for name in names}


def mic_of(name: str) -> str | None:
    """The market identifier code of an exchange, told by a name or by the code itself; None for a name that is not known.

    A name that several exchanges go by, such as TSE, is not known.
    """
    plain = _plain(name)
    return _BY_NAME.get(plain) or (plain if _CODE.fullmatch(plain) else None)
