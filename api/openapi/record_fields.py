"""What the fields of records of verdicts mean, by schema and field."""

RECORD_FIELDS = {
    "AnalysisResult.record": "How often this verdict was right on this ticker; null in results of engines before version 6.",
    "ToldResult.record": "How often this verdict was right on this ticker; null in results of engines before version 6.",
    "NoRecord.available": "There is none.",
    "NoRecord.reason": "Why there is none, in a sentence.",
    "VerdictRecord.available": "There is one.",
    "VerdictRecord.horizon": "The bars from the entry, at the open of the next bar, to the exit.",
    "VerdictRecord.n": "The days with this verdict, with 400 bars before them and a known outcome.",
    "VerdictRecord.episodes": "The runs of days with this verdict; days of one run share most of their outcome.",
    "VerdictRecord.hit": "The share of these days that were right: the return after the cost of 20 basis points has the verdict's sign.",
    "VerdictRecord.low": "The lower bound of `hit`, with 95 % confidence.",
    "VerdictRecord.high": "The upper bound of `hit`, with 95 % confidence.",
    "VerdictRecord.base": "The share of all days that would have been right with the same sign.",
    "VerdictRecord.lift": "`hit` less `base`: what the verdict knew.",
    "VerdictRecord.lift_low": "The lower bound of `lift`, from blocks of days: above 0, the verdict was better than any day.",
    "VerdictRecord.lift_high": "The upper bound of `lift`.",
    "VerdictRecord.interval": "How the bounds of `hit` were computed: a cheap way. GET /evidence/{ticker} has the exact one.",
    "VerdictRecord.basis": "In which sense the record is out of sample.",
    "VerdictRecord.sentence": "All of it in a sentence, with what it is worth.",
}
