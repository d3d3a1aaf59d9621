"""What the fields of a risk mean."""

RISK_FIELDS = {
    **{
        f"{schema}.{field}": meaning
        for schema in ("Risk", "BenchmarkRisk")
        for field, meaning in {
            "reference": "A ticker, or the id of a portfolio or an index.",
            "kind": "What it is: `ticker`, `portfolio` or `index`.",
            "name": "What it is called; null where nobody said.",
            "currency": "The currency of its values; null where it is not known.",
            "ticker": "The ticker; null for a portfolio or an index.",
        }.items()
    },
    "Risk.period": "The period that was asked for; null for the days of `start` and `end`.",
    "Risk.first_day": "The day of the first value; returns begin on the next one.",
    "Risk.days": "The number of daily returns.",
    "Risk.rate": "The yearly interest without risk that was deducted, as a fraction.",
    "Risk.adjusted": "Whether distributions count as growth, as in closes that are adjusted for dividends.",
    "Risk.metrics": "The numbers by their names, each with its definition.",
    "Risk.falls": "The deepest falls, the deepest first.",
    "Risk.months": "The return of each month.",
    "RiskSeries.days": "The days of all lines.",
    "RiskSeries.value": "What 1 has become since the first day.",
    "RiskSeries.drawdown": "How far the close is below the highest one so far, as a fraction; never above 0.",
    "RiskSeries.volatility": "The yearly volatility of the last quarter; null where there are not so many days yet.",
    "RiskSeries.benchmark": "What 1 has become in the benchmark; null without one.",
    "RiskSeries.beta": "The beta of the quarter up to each day; null where there are not so many days yet, and without a benchmark.",
    "RiskSeries.correlation": "The correlation of the quarter up to each day; the same.",
    "BenchmarkRisk.metrics": "The benchmark's own numbers over the same days.",
    "Metric.value": "The number; null where it has none, such as a ratio to no loss at all.",
    "Metric.definition": "How the number is defined.",
    "Distribution.edges": "The bounds of the daily returns that are counted together, as fractions.",
    "Distribution.counts": "How many daily returns lie between each two neighbours of `edges`; the outer ones have all beyond them.",
    "MonthReturn.month": "The month, as in 2026-11.",
    "MonthReturn.value": "Its return as a fraction.",
    "Fall.depth": "From the peak to the trough, as a fraction; below 0.",
    "Fall.peak": "The day of the highest close before it.",
    "Fall.trough": "The day of its lowest close.",
    "Fall.recovered": "The day on which the peak was reached again; null while it was not.",
}
