"""What the fields of evidence mean, those of a result's record included, by schema and field."""

from api.openapi.record_fields import RECORD_FIELDS

_HORIZON = "Trading days from the entry, at the open of the next bar, to the exit."
_COST = "What a round trip costs, in basis points."
_WARMUP = "How many bars a day needs before it to count."
_BASIS = "In which sense it is out of sample."
_DEFINITIONS = "What each number means, by its name."
_LOW, _HIGH = (
    "The lower bound of `{}`, with 95 % confidence; null where none is claimed.",
    "The upper bound of `{}`; null where none is claimed.",
)

# Of a verdict or a decile; shares are from 0 to 1, returns are fractions after cost.
_VERDICT = {
    "n": "Its days that count.",
    "episodes": "The runs of days with this verdict; days of one run share most of their outcome.",
    "hit": "The share of its days that were right: above 0 after a Buy, below 0 after a Sell; null for Hold, and without days.",
    "lift": "`hit` less the share of all days that would have been right with the same sign: what the verdict knew.",
    "mean": "The mean return; null without days.",
    "excess": "The mean return less that of all days; null without days.",
    "too_few": "Too few episodes or too short a history, so that no interval is claimed.",
    **{f"{name}_low": _LOW.format(name) for name in ("hit", "lift", "excess")},
    **{f"{name}_high": _HIGH.format(name) for name in ("hit", "lift", "excess")},
}
_BASE = {
    "n": "All days that count.",
    "hit": "The share of them with a return above 0.",
    "fell": "The share of them with a return below 0.",
    "mean": "Their mean return after cost.",
}
_BY_SCHEMA = {
    "EvidenceJobParams": {"horizons": _HORIZON, "cost_bp": _COST},
    "Evidence": {
        "basis": _BASIS,
        "days": "The bars that were read.",
        "warmup": _WARMUP,
        "cost_bp": _COST,
        "start": "The first day whose verdict counts, if one was asked for.",
        "note": "Why horizons are left out: the history is too short for them; null where none is.",
        "horizons": "The record at each horizon, ascending.",
        "definitions": _DEFINITIONS,
    },
    "HorizonEvidence": {
        "h": _HORIZON,
        "block_days": "The bars of a block of the bootstrap.",
        "verdicts": "From Strong Buy down to Strong Sell.",
    },
    "BaseRate": {
        **_BASE,
        "median": "Their median return after cost.",
        "mean_move": "The mean size of their returns, up or down, before cost.",
    },
    "VerdictEvidence": {
        **_VERDICT,
        "median": "The median return; null without days.",
        "worst": "The lowest return; null without days.",
        "best": "The highest return; null without days.",
        "mean_move": "The mean size of the returns, up or down, before cost; null without days.",
        "halves": "The same over the older and the newer half of the days.",
        "sentence": "All of it in a sentence, with what it is worth.",
    },
    "Half": {
        "n": "The days of this verdict in it.",
        "episodes": "The runs of days with this verdict in it.",
        "hit": "The share of them that were right.",
        "base": "The share of all days of the half that would have been right with the same sign.",
        "lift": "`hit` less `base`.",
        "mean": "Their mean return after cost.",
        "excess": "That less the mean return of all days of the half.",
    },
    "LiveRecord": {
        "since": "The day on which this version of the engine was released.",
        "n": "The days with a stored result of this verdict, made before its entry, whose outcome is known.",
        "episodes": "The runs of such results with this verdict.",
        "hit": "The share of them that were right; null for Hold.",
        "mean": "Their mean return after cost.",
    },
    "Fan": {
        "days": "Trading days after the entry.",
        "quantiles": "Of the returns before cost, from 0 to 1.",
        "lines": "All days first, then the verdicts that came, from Strong Buy down.",
    },
    "FanLine": {
        "n": "The days that it is of.",
        "quantiles": "A list for each quantile, with a return for each of the days.",
    },
    "Interval": {
        "method": "How bounds are computed.",
        "block": "The length of a block, in horizons.",
        "repetitions": "How many resamples there are.",
        "seed": "Where the random numbers begin: the same prices and parameters give the same bounds.",
        "level": "The confidence.",
    },
    "ToldUniverseEvidence": {
        "universe": "Where the tickers were taken from; null when they were named.",
        "basis": _BASIS,
        "tickers": "The tickers that were counted.",
        "too_short": "The tickers whose history is too short for a day that counts.",
        "ended": "The counted tickers whose last bar is more than 30 days older than the newest of all.",
        "warmup": _WARMUP,
        "cost_bp": _COST,
        "horizons": "The tables of each horizon, ascending.",
        "survivorship": "What the choice of tickers does to the numbers, in a sentence.",
        "definitions": _DEFINITIONS,
        "engine_version": "The version of the engine that scored the days.",
    },
    "UniverseHorizon": {
        "h": _HORIZON,
        "deciles": "From the lowest scores to the highest; fewer than ten where many scores are the same.",
        "verdicts": "From Strong Buy down to Strong Sell.",
    },
    "UniverseBase": _BASE,
    "DecileEvidence": {
        **{name: text for name, text in _VERDICT.items() if "lift" not in name and name not in ("episodes", "too_few")},
        "decile": "From 1, the lowest scores, to 10.",
        "low_score": "Where its scores begin.",
        "high_score": "Where its scores end.",
        "hit": "The share of its days with a return above 0.",
        "mean": "The mean return.",
        "excess": "The mean return less that of all days of the same ticker.",
    },
    "UniverseVerdict": {
        **_VERDICT,
        "tickers": "The tickers that had this verdict.",
        "lift": "`hit` less the share of all days of the same ticker that would have been right with the same sign.",
        "excess": "The mean return less that of all days of the same ticker; null without days.",
    },
    "BeatHold": {
        "tickers": "The tickers on which the strategy was traded.",
        "beat": "On how many of them it ended above buying and holding, after costs.",
        "sentence": "The same in words.",
    },
}
EVIDENCE_FIELDS = RECORD_FIELDS | {f"{schema}.{name}": text for schema, texts in _BY_SCHEMA.items() for name, text in texts.items()}
