"""What a chart of Yahoo tells of distributions, read without yfinance."""

from __future__ import annotations

from datetime import date

from kit.yahoo import NEW_YORK, Charted

from features.prices.providers.yahoo_chart import Chart

PAID, DAY_OF_SPLIT, LATER = date(2012, 11, 7), date(2014, 6, 9), date(2020, 8, 31)


def test_amounts_are_as_paid_though_yahoo_restates_them_for_later_splits() -> None:
    told = {PAID: 0.094643, DAY_OF_SPLIT: 0.47 / 4, LATER: 0.205}  # 2.65 / 28 in six decimals
    events = {
        "dividends": {str(day): {"date": NEW_YORK.second(day), "amount": amount} for day, amount in told.items()},
        "capitalGains": {"1": {"date": NEW_YORK.second(PAID), "amount": 9.8 / 28}},
        "splits": {
            "1": {"date": NEW_YORK.second(DAY_OF_SPLIT), "numerator": 7, "denominator": 1},
            "2": {"date": NEW_YORK.second(LATER), "numerator": 4, "denominator": 1},
        },
    }
    chart = Chart(Charted().body()["chart"]["result"][0]["meta"], events)
    for since in (None, PAID):
        paid = [(one.effective_day, one.amount) for one in chart.actions(since) if one.amount is not None]
        assert paid == [(PAID, 9.8), (PAID, 2.65), (DAY_OF_SPLIT, 0.47), (LATER, 0.205)]
    assert len(chart.actions(DAY_OF_SPLIT)) == 4
