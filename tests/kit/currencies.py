"""Exchange rates for tests, in the ECB's layouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

# The header and rows of the ECB's history: newest first, N/A for none, a comma at the end.
HISTORY = (
    "Date,USD,JPY,BGN,CYP,GBP,ZAR,\n"
    "2024-03-19,1.0854,163.66,1.9558,N/A,0.85476,20.5706,\n"
    "2024-03-18,1.0892,162.48,1.9558,N/A,0.85535,20.5747,\n"
    "2024-03-15,1.0892,162.03,1.9558,N/A,0.85468,20.3923,\n"
)
# The file of one day: spaces behind the commas, and the day in words.
DAILY = "Date, USD, JPY, BGN, GBP, ZAR, \n19 March 2024, 1.0854, 163.66, 1.9558, 0.85476, 20.5706, \n"
# The answer of the data portal's interface.
SDMX = (
    "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,TITLE_COMPL\n"
    'EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2024-03-18,1.0892,A,"ECB reference exchange rate, US dollar/Euro, 2.15 pm (C.E.T.)"\n'
    'EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2024-03-19,1.0854,A,"ECB reference exchange rate, US dollar/Euro, 2.15 pm (C.E.T.)"\n'
    'EXR.D.GBP.EUR.SP00.A,D,GBP,EUR,SP00,A,2024-03-19,,H,"ECB reference exchange rate, UK pound sterling/Euro"\n'
    "EXR.M.USD.EUR.SP00.A,M,USD,EUR,SP00,A,2024-03,1.0872,A,\n"
)


def rates_file(days: Sequence[date], rates: Mapping[str, Iterable[float | None]]) -> str:
    """A file with a column for each currency."""
    rows = zip(days, *rates.values(), strict=True)
    lines = [f"{day},{','.join('N/A' if rate is None else str(rate) for rate in of_day)}," for day, *of_day in rows]
    return "\n".join([f"Date,{','.join(rates)},", *reversed(lines)]) + "\n"
