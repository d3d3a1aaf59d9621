"""Price files in the dialects of sites and tools, all of the same three days.

The files are synthetic, in the shape of exports; each is named after what exports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# Three days whose numbers tell columns and rows apart: date, open, high, low, close, volume.
BARS = (
    (date(2024, 1, 30), 1_010.5, 1_020.25, 1_000.75, 1_015.5, 1_250_000.0),
    (date(2024, 1, 31), 1_015.5, 1_031.0, 1_012.5, 1_030.25, 980_000.0),
    (date(2024, 2, 1), 1_030.25, 1_042.5, 1_020.0, 1_040.75, 2_100_000.0),
)


@dataclass(frozen=True)
class Dialect:
    """A file, and what must be understood of it; `volumes` is False where it has none."""

    text: str
    dates: str = "ymd"
    delimiter: str = ","
    decimal: str = "."
    order: str = "oldest_first"
    ignored: tuple[str, ...] = ()
    encoding: str = "utf-8"
    codec: str = "utf-8"
    volumes: bool = True


DIALECTS = {
    "Yahoo Finance, until 2024": Dialect(
        "Date,Open,High,Low,Close,Volume\n"
        "2024-01-30,1010.500000,1020.250000,1000.750000,1015.500000,1250000\n"
        "2024-01-31,1015.500000,1031.000000,1012.500000,1030.250000,980000\n"
        "2024-02-01,1030.250000,1042.500000,1020.000000,1040.750000,2100000\n"
    ),
    "yfinance, Ticker.history": Dialect(
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2024-01-30 00:00:00-05:00,1010.5,1020.25,1000.75,1015.5,1250000,0.0,0.0\n"
        "2024-01-31 00:00:00-05:00,1015.5,1031.0,1012.5,1030.25,980000,0.24,0.0\n"
        "2024-02-01 00:00:00-05:00,1030.25,1042.5,1020.0,1040.75,2100000,0.0,0.0\n",
        ignored=("Dividends", "Stock Splits"),
    ),
    "yfinance, download of one ticker with several levels": Dialect(
        "Price,Close,High,Low,Open,Volume\n"
        "Ticker,ACME,ACME,ACME,ACME,ACME\n"
        "Date,,,,,\n"
        "2024-01-30,1015.5,1020.25,1000.75,1010.5,1250000\n"
        "2024-01-31,1030.25,1031.0,1012.5,1015.5,980000\n"
        "2024-02-01,1040.75,1042.5,1020.0,1030.25,2100000\n"
    ),
    "pandas, an index without a name": Dialect(
        ",Open,High,Low,Close,Volume\n"
        "2024-01-30,1010.5,1020.25,1000.75,1015.5,1250000\n"
        "2024-01-31,1015.5,1031.0,1012.5,1030.25,980000\n"
        "2024-02-01,1030.25,1042.5,1020.0,1040.75,2100000\n"
    ),
    "pandas, the index's name on a second line": Dialect(
        ",Open,High,Low,Close,Volume\n"
        "Date,,,,,\n"
        "2024-01-30,1010.5,1020.25,1000.75,1015.5,1250000\n"
        "2024-01-31,1015.5,1031.0,1012.5,1030.25,980000\n"
        "2024-02-01,1030.25,1042.5,1020.0,1040.75,2100000\n"
    ),
    "Nasdaq.com": Dialect(
        "Date,Close/Last,Volume,Open,High,Low\n"
        "02/01/2024,$1040.75,2100000,$1030.25,$1042.50,$1020.00\n"
        "01/31/2024,$1030.25,980000,$1015.50,$1031.00,$1012.50\n"
        "01/30/2024,$1015.50,1250000,$1010.50,$1020.25,$1000.75\n",
        dates="mdy",
        order="newest_first",
    ),
    "Investing.com, in English": Dialect(
        '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"02/01/2024","1,040.75","1,030.25","1,042.50","1,020.00","2.10M","1.02%"\n'
        '"01/31/2024","1,030.25","1,015.50","1,031.00","1,012.50","0.98M","1.45%"\n'
        '"01/30/2024","1,015.50","1,010.50","1,020.25","1,000.75","1.25M","0.50%"\n',
        dates="mdy",
        order="newest_first",
        ignored=("Change %",),
    ),
    "Investing.com, in German": Dialect(
        '\ufeff"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"\n'
        '"01.02.2024","1.040,75","1.030,25","1.042,50","1.020,00","2,10M","1,02%"\n'
        '"31.01.2024","1.030,25","1.015,50","1.031,00","1.012,50","980,00K","1,45%"\n'
        '"30.01.2024","1.015,50","1.010,50","1.020,25","1.000,75","1,25M","0,50%"\n',
        dates="dmy",
        decimal=",",
        order="newest_first",
        ignored=("+/- %",),
    ),
    "Investing.com, in Spanish": Dialect(
        '"Fecha","Último","Apertura","Máximo","Mínimo","Vol.","% var."\n'
        '"01.02.2024","1.040,75","1.030,25","1.042,50","1.020,00","2,10M","1,02%"\n'
        '"31.01.2024","1.030,25","1.015,50","1.031,00","1.012,50","0,98M","1,45%"\n'
        '"30.01.2024","1.015,50","1.010,50","1.020,25","1.000,75","1,25M","0,50%"\n',
        dates="dmy",
        decimal=",",
        order="newest_first",
        ignored=("% var.",),
    ),
    "MarketWatch": Dialect(
        "Date,Open,High,Low,Close,Volume\n"
        '02/01/2024,"1,030.25","1,042.50","1,020.00","1,040.75","2,100,000"\n'
        '01/31/2024,"1,015.50","1,031.00","1,012.50","1,030.25","980,000"\n'
        '01/30/2024,"1,010.50","1,020.25","1,000.75","1,015.50","1,250,000"\n',
        dates="mdy",
        order="newest_first",
    ),
    "WSJ.com: spaces behind commas, years of two digits, no volume": Dialect(
        "Date, Open, High, Low, Close\n"
        "02/01/24, 1030.25, 1042.5, 1020, 1040.75\n"
        "01/31/24, 1015.5, 1031, 1012.5, 1030.25\n"
        "01/30/24, 1010.5, 1020.25, 1000.75, 1015.5\n",
        dates="mdy",
        order="newest_first",
        volumes=False,
    ),
    "Stooq": Dialect(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "ACME.US,D,20240130,000000,1010.5,1020.25,1000.75,1015.5,1250000,0\n"
        "ACME.US,D,20240131,000000,1015.5,1031,1012.5,1030.25,980000,0\n"
        "ACME.US,D,20240201,000000,1030.25,1042.5,1020,1040.75,2100000,0\n",
        ignored=("<TICKER>", "<PER>", "<TIME>", "<OPENINT>"),
    ),
    "Stooq, in Polish": Dialect(
        "Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen\n"
        "2024-01-30,1010.5,1020.25,1000.75,1015.5,1250000\n"
        "2024-01-31,1015.5,1031,1012.5,1030.25,980000\n"
        "2024-02-01,1030.25,1042.5,1020,1040.75,2100000\n"
    ),
    "MetaTrader 5": Dialect(
        "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2024.01.30\t1010.5\t1020.25\t1000.75\t1015.5\t812\t1250000\t2\n"
        "2024.01.31\t1015.5\t1031\t1012.5\t1030.25\t790\t980000\t2\n"
        "2024.02.01\t1030.25\t1042.5\t1020\t1040.75\t990\t2100000\t2\n",
        delimiter="\t",
        ignored=("<TICKVOL>", "<SPREAD>"),
    ),
    "Alpha Vantage": Dialect(
        "timestamp,open,high,low,close,volume\r\n"
        "2024-02-01,1030.2500,1042.5000,1020.0000,1040.7500,2100000\r\n"
        "2024-01-31,1015.5000,1031.0000,1012.5000,1030.2500,980000\r\n"
        "2024-01-30,1010.5000,1020.2500,1000.7500,1015.5000,1250000\r\n",
        order="newest_first",
    ),
    "TradingView, epoch seconds": Dialect(
        "time,open,high,low,close,Volume,Volume MA\n"
        "1706625000,1010.5,1020.25,1000.75,1015.5,1250000,\n"
        "1706711400,1015.5,1031,1012.5,1030.25,980000,\n"
        "1706797800,1030.25,1042.5,1020,1040.75,2100000,1443333\n",
        dates="epoch_seconds",
        ignored=("Volume MA",),
    ),
    "TradingView, ISO times": Dialect(
        "time,open,high,low,close,Volume\n"
        "2024-01-30T14:30:00Z,1010.5,1020.25,1000.75,1015.5,1250000\n"
        "2024-01-31T14:30:00Z,1015.5,1031,1012.5,1030.25,980000\n"
        "2024-02-01T14:30:00Z,1030.25,1042.5,1020,1040.75,2100000\n"
    ),
    "Binance's klines, epoch milliseconds": Dialect(
        "open_time,open,high,low,close,volume,close_time\n"
        "1706572800000,1010.5,1020.25,1000.75,1015.5,1250000,1706659199999\n"
        "1706659200000,1015.5,1031,1012.5,1030.25,980000,1706745599999\n"
        "1706745600000,1030.25,1042.5,1020,1040.75,2100000,1706831999999\n",
        dates="epoch_milliseconds",
        ignored=("close_time",),
    ),
    "Tiingo": Dialect(
        "date,close,high,low,open,volume,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor\n"
        "2024-01-30,1015.5,1020.25,1000.75,1010.5,1250000,1020.25,1000.75,1010.5,1250000,0.0,1.0\n"
        "2024-01-31,1030.25,1031.0,1012.5,1015.5,980000,1031.0,1012.5,1015.5,980000,0.0,1.0\n"
        "2024-02-01,1040.75,1042.5,1020.0,1030.25,2100000,1042.5,1020.0,1030.25,2100000,0.0,1.0\n",
        ignored=("adjHigh", "adjLow", "adjOpen", "adjVolume", "divCash", "splitFactor"),
    ),
    "Ariva.de": Dialect(
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen\n"
        "2024-02-01;1.030,25;1.042,50;1.020,00;1.040,75;2.100.000;2.163.000.000\n"
        "2024-01-31;1.015,50;1.031,00;1.012,50;1.030,25;980.000;1.001.000.000\n"
        "2024-01-30;1.010,50;1.020,25;1.000,75;1.015,50;1.250.000;1.263.000.000\n",
        delimiter=";",
        decimal=",",
        order="newest_first",
        ignored=("Volumen",),
    ),
    "Excel in Germany, Windows-1252": Dialect(
        "sep=;\nDatum;Eröffnung;Hoch;Tief;Schluss;Volumen\n"
        "30.01.2024;1010,50 €;1020,25 €;1000,75 €;1015,50 €;1250000\n"
        "31.01.2024;1015,50 €;1031,00 €;1012,50 €;1030,25 €;980000\n"
        "01.02.2024;1030,25 €;1042,50 €;1020,00 €;1040,75 €;2100000\n",
        dates="dmy",
        delimiter=";",
        decimal=",",
        encoding="windows-1252",
        codec="cp1252",
    ),
    "Excel's Unicode text": Dialect(
        "Date\tOpen\tHigh\tLow\tClose\tVolume\r\n"
        "30/01/2024\t1010.5\t1020.25\t1000.75\t1015.5\t1250000\r\n"
        "31/01/2024\t1015.5\t1031\t1012.5\t1030.25\t980000\r\n"
        "01/02/2024\t1030.25\t1042.5\t1020\t1040.75\t2100000\r\n",
        dates="dmy",
        delimiter="\t",
        encoding="utf-16",
        codec="utf-16",
    ),
    "Euronext: a title, and remarks above the header": Dialect(
        '"Historical Data"\n"From 2024-01-30 to 2024-02-01"\nACME\n'
        "Date;Open;High;Low;Last;Close;Number of Shares\n"
        "30/01/2024;1010.5;1020.25;1000.75;1015.5;1015.5;1250000\n"
        "31/01/2024;1015.5;1031;1012.5;1030.25;1030.25;980000\n"
        "01/02/2024;1030.25;1042.5;1020;1040.75;1040.75;2100000\n",
        dates="dmy",
        delimiter=";",
        ignored=("Last", "Number of Shares"),
        volumes=False,
    ),
    "NSE India": Dialect(
        '"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","vwap ","VOLUME ","No of trades "\n'
        '"01-Feb-2024","EQ","1,030.25","1,042.50","1,020.00","1,030.25","1,040.00","1,040.75","1,033.00","21,00,000","9,100"\n'
        '"31-Jan-2024","EQ","1,015.50","1,031.00","1,012.50","1,015.50","1,030.00","1,030.25","1,020.00","9,80,000","8,400"\n'
        '"30-Jan-2024","EQ","1,010.50","1,020.25","1,000.75","1,009.00","1,015.00","1,015.50","1,012.00","12,50,000","9,000"\n',
        dates="dmy",
        order="newest_first",
        ignored=("series", "PREV. CLOSE", "ltp", "vwap", "No of trades"),
    ),
    "Yahoo's page, copied": Dialect(
        "Date\tOpen\tHigh\tLow\tClose*\tAvg Vol\tVolume\n"
        "Feb 1, 2024\t1,030.25\t1,042.50\t1,020.00\t1,040.75\t-\t2,100,000\n"
        "Jan 31, 2024\t1,015.50\t1,031.00\t1,012.50\t1,030.25\t-\t980,000\n"
        "Jan 30, 2024\t1,010.50\t1,020.25\t1,000.75\t1,015.50\t-\t1,250,000\n",
        dates="mdy",
        delimiter="\t",
        order="newest_first",
        ignored=("Avg Vol",),
    ),
    "Google Sheets, GOOGLEFINANCE": Dialect(
        "Date,Open,High,Low,Close,Volume\n"
        "1/30/2024 16:00:00,1010.5,1020.25,1000.75,1015.5,1250000\n"
        "1/31/2024 16:00:00,1015.5,1031,1012.5,1030.25,980000\n"
        "2/1/2024 16:00:00,1030.25,1042.5,1020,1040.75,2100000\n",
        dates="mdy",
    ),
    "Barchart: a footer": Dialect(
        "Time,Open,High,Low,Last,Change,%Chg,Volume\n"
        "2024-02-01,1030.25,1042.5,1020,1040.75,10.5,+1.02%,2100000\n"
        "2024-01-31,1015.5,1031,1012.5,1030.25,14.75,+1.45%,980000\n"
        "2024-01-30,1010.5,1020.25,1000.75,1015.5,5,+0.50%,1250000\n"
        '"Downloaded from Barchart.com as of 02-02-2024 04:11am CST"\n',
        order="newest_first",
        ignored=("Change", "%Chg"),
    ),
    "CryptoDataDownload: a link above the header, epoch and date": Dialect(
        "https://www.CryptoDataDownload.com\n"
        "unix,date,symbol,open,high,low,close,Volume ACME,Volume\n"
        "1706745600,2024-02-01 00:00:00,ACME/USD,1030.25,1042.5,1020,1040.75,12.5,2100000\n"
        "1706659200,2024-01-31 00:00:00,ACME/USD,1015.5,1031,1012.5,1030.25,11.5,980000\n"
        "1706572800,2024-01-30 00:00:00,ACME/USD,1010.5,1020.25,1000.75,1015.5,10.5,1250000\n",
        order="newest_first",
        ignored=("unix", "symbol", "Volume ACME"),
    ),
    "BSE India: names of months, and a comma at the end of each line": Dialect(
        "Date,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,\n"
        "1-February-2024,1030.25,1042.5,1020,1040.75,1033.1,2100000,\n"
        "31-January-2024,1015.5,1031,1012.5,1030.25,1020.2,980000,\n"
        "30-January-2024,1010.5,1020.25,1000.75,1015.5,1012.3,1250000,\n",
        dates="dmy",
        order="newest_first",
        ignored=("WAP",),
    ),
    "Swiss thousands, bars between": Dialect(
        "Datum|Eröffnung|Hoch|Tief|Schluss|Volumen\n"
        "30.01.2024|1'010.50|1'020.25|1'000.75|1'015.50|1'250'000\n"
        "31.01.2024|1'015.50|1'031.00|1'012.50|1'030.25|980'000\n"
        "01.02.2024|1'030.25|1'042.50|1'020.00|1'040.75|2'100'000\n",
        dates="dmy",
        delimiter="|",
    ),
    "Boursorama: French, spaces between thousands": Dialect(
        "Date;Ouverture;Plus Haut;Plus Bas;Clôture;Volume\n"
        "30/01/2024;1 010,50;1 020,25;1 000,75;1 015,50;1 250 000\n"
        "31/01/2024;1\u00a0015,50;1\u00a0031,00;1\u00a0012,50;1\u00a0030,25;980\u00a0000\n"
        "01/02/2024;1\u202f030,25;1\u202f042,50;1\u202f020,00;1\u202f040,75;2\u202f100\u202f000\n",
        dates="dmy",
        delimiter=";",
        decimal=",",
    ),
    "files joined: the header again in between": Dialect(
        "Date,Open,High,Low,Close,Volume\n"
        "2024-01-30,1010.5,1020.25,1000.75,1015.5,1250000\n\n"
        "Date,Open,High,Low,Close,Volume\n"
        "2024-01-31,1015.5,1031,1012.5,1030.25,980000\n"
        "2024-02-01,1030.25,1042.5,1020,1040.75,2100000\n"
    ),
}
