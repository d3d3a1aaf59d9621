"""The words of alerts: what a rule does, and what it tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from models.alert import Alert, AlertKind, FiredBy, RuleDraft
from models.day_text import day_text
from models.message import Change
from models.record_words import record_words
from models.strategy import STRATEGIES
from models.universe import ALL, list_id_of, portfolio_id_of
from models.watchlist import DEFAULT_LIST

_PLURALS = {"portfolio": "portfolios", "index": "indexes"}
_NAMED = 3  # tickers of a sentence
MOST_FAULTS = 3  # that a sentence tells
_JOBS = {
    "bulk_analysis": "analysis of many tickers",
    "price_refresh": "refresh of prices",
    "evidence": "evidence over a universe",
    "price_import": "import of prices",
}


def joined(words: Sequence[str], last: str = "or") -> str:
    """Words in a list: a, b or c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def rule_sentence(draft: RuleDraft, names: Mapping[str, str], faults: Iterable[str] = ()) -> str:
    """What a rule does, in plain English, with the names of strategies by id; and the sentences of what is wrong with it."""
    told = _does(draft, names)
    return " ".join([told, *islice(faults, MOST_FAULTS)])


def _does(draft: RuleDraft, names: Mapping[str, str]) -> str:
    head = f"Tells you {_what(draft, names)}{_days(draft.for_days, draft.on)}"
    how = ", together with what else a run brings" if draft.digest and draft.channels else ""
    where = "in the inbox and by your channels" if draft.channels else "in the inbox"
    return f"{head}. It tells {where}{how}." if draft.enabled else f"{head}. It is switched off."


def _what(draft: RuleDraft, names: Mapping[str, str]) -> str:
    told, of, strategies = draft.conditions, _tickers(draft), joined([names.get(one, one) for one in draft.strategies] or [""])
    match draft.on:
        case AlertKind.VERDICT_CHANGED:
            return f"when {strategies} {_turn(told)} on {of}{_least(told)}"
        case AlertKind.PRICE_CROSSED:
            way = {"up": "rises above", "down": "falls below", "either": "rises above or falls below"}[told["direction"]]
            return f"when the close of {of} {way} {number(told['level'])}"
        case AlertKind.PLAN_TOUCHED:
            return f"when prices reach the {joined(told['levels'])} of the plan of {strategies} for {of}"
        case AlertKind.RECORD_BELOW:
            return f"when the record of the verdict of {strategies} on {of} falls below {_threshold(told)}"
        case AlertKind.PRICES_STALE:
            return f"when the prices of {of} are {count(told['trading_days'], 'trading day')} behind"
        case AlertKind.JOB_FAILED:
            kinds = joined([job_words(kind) for kind in told["kinds"]]) if told.get("kinds") else "job"
            return f"when a {kinds} fails, or {number(told['min_failed_percent'])} % or more of its items do"
        case AlertKind.SCHEDULE_MISSED:
            return "when a schedule misses its time"
        case AlertKind.WEIGHT_ABOVE:
            return f"when a holding takes {number(told['percent'])} % or more of {_some(told.get('portfolios'), 'portfolio')}"
        case AlertKind.DRAWDOWN_BEYOND:
            return f"when {_some(told.get('portfolios'), 'portfolio')} is {number(told['percent'])} % or more below its highest value"
        case AlertKind.REBALANCING_DUE:
            return f"when the rebalancing of {_some(told.get('indexes'), 'index')} is due"


def _some(ids: Sequence[str] | None, noun: str) -> str:
    """One of those that are named, or any."""
    return f"any {noun}" if ids is None else f"the chosen {noun}" if len(ids) == 1 else f"one of {len(ids)} chosen {_PLURALS[noun]}"


def _turn(told: Mapping[str, Any]) -> str:
    before, after = told.get("from"), told.get("to")
    if before and after:
        return f"turns from {joined(before)} to {joined(after)}"
    if after:
        return f"turns to {joined(after)}"
    return f"turns away from {joined(before)}" if before else "changes its verdict"


def _least(told: Mapping[str, Any]) -> str:
    return f", with a score that has moved by {number(told['min_score_change'])} or more" if told["min_score_change"] else ""


def _threshold(told: Mapping[str, Any]) -> str:
    if told.get("hit") is not None:
        return f"{percent(told['hit'])} right"
    return f"{points(told['lift'])} over any day"


def _days(days: int, on: AlertKind) -> str:
    where = {AlertKind.PRICE_CROSSED: "stays there", AlertKind.RECORD_BELOW: "stays there"}.get(on, "stays so")
    return f", and {where} for {count(days, 'trading day')}" if days else ""


def _tickers(draft: RuleDraft) -> str:
    if draft.tickers is not None:
        few = list(draft.tickers[:_NAMED])
        return joined([*few, f"{len(draft.tickers) - _NAMED} more"]) if len(draft.tickers) > _NAMED else joined(few)
    universe = draft.universe or ALL
    if universe == ALL:
        return "any ticker with prices"
    if portfolio_id_of(universe) is not None:
        return "a holding of one of your portfolios"
    list_id = list_id_of(universe)
    if list_id == DEFAULT_LIST:
        return "a ticker of your watchlist"
    return "a ticker of one of your watch lists" if list_id else f"a ticker of the universe {universe}"


def strategy_words(change: Mapping[str, Any]) -> str:
    """The name of the strategy of a change; of one that was told without a name, its id."""
    found = STRATEGIES.get(change["strategy"])
    return str(change.get("strategy_name") or (change["strategy"] if found is None else found.name))


def job_words(kind: str) -> str:
    """What a kind of job does."""
    return _JOBS.get(kind, kind.replace("_", " "))


def number(value: float) -> str:
    """A number as a person writes it."""
    return f"{value:,.10g}" if abs(value) < 1e6 else f"{value:,.0f}"


def price(value: float) -> str:
    """A price in a sentence."""
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def percent(share: float) -> str:
    """A share as percent."""
    return f"{100 * share:.3g} %"


def points(share: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * share:.3g} percentage points"


def count(amount: int, noun: str) -> str:
    """An amount with its noun."""
    return f"{amount} {noun}{'' if amount == 1 else 's'}"


def verdict_message(ticker: str, change: Mapping[str, Any], day: date) -> str:
    """That a verdict changed, with its score and its record."""
    moved = f" (was {change['was_score']:+.2f})" if change["was_score"] is not None else ""
    head = f"{ticker}: {strategy_words(change)} turned from {change['was']} to {change['is']}"
    told = record_words(change.get("record"))
    return f"{head}, score {change['score']:+.2f}{moved}, close {price(change['close'])}, {day_text(day)}. {told}"


def crossing_message(ticker: str, change: Mapping[str, Any], day: date) -> str:
    """That a price crossed a level."""
    way = "rose above" if change["is"] == "above" else "fell below"
    was = f" (was {price(change['was_close'])})" if change["was_close"] is not None else ""
    split = " The level is adjusted for the splits since." if change["split"] else ""
    return f"{ticker} {way} {price(change['level'])}: close {price(change['close'])}{was}, {day_text(day)}.{split}"


def plan_message(ticker: str, change: Mapping[str, Any], day: date) -> str:
    """That prices reached levels of a plan."""
    levels = joined([f"{level} {price(change['plan'][level])}" for level in change["levels"]], "and")
    plan_of = f"plan of {strategy_words(change)} of {day_text(date.fromisoformat(change['plan']['as_of']))}"
    return f"{ticker} reached the {levels} of the {plan_of}: between {price(change['low'])} and {price(change['high'])}, {day_text(day)}."


def record_message(ticker: str, change: Mapping[str, Any], day: date) -> str:
    """That a record fell below a threshold."""
    hit = change["measure"] == "hit"
    value = percent(change["is"]) if hit else points(change["is"])
    bound = percent(change["below"]) if hit else points(change["below"])
    what = "right" if hit else "over any day"
    return (
        f"{ticker}: the record of {change['verdict']} by {strategy_words(change)} fell to {value} {what}, below {bound}, {day_text(day)}."
    )


def stale_message(ticker: str, change: Mapping[str, Any]) -> str:
    """That prices are behind."""
    last = day_text(date.fromisoformat(change["last_day"]))
    return f"{ticker}: the newest price is of {last}, {count(change['days'], 'trading day')} behind."


def no_data_message(ticker: str, change: Mapping[str, Any]) -> str:
    """That a rule has nothing to watch any more."""
    last = day_text(date.fromisoformat(change["last_day"]))
    return f"{ticker}: no prices since {last}, so this rule cannot tell anything of it until there are new ones."


def job_message(change: Mapping[str, Any]) -> str:
    """That a job failed."""
    reason = f" {change['error']}" if change.get("error") else ""
    if change["failed"]:
        return f"A job failed: {job_words(change['kind'])}, {change['failed']:,} of {count(change['total'], 'item')}.{reason}"
    return f"A job failed: {job_words(change['kind'])}.{reason}"


def missed_message(change: Mapping[str, Any]) -> str:
    """That a schedule missed its time."""
    return f"The schedule {change['name']} missed its time, {change['due_at']}: {change['reason']}."


def weight_message(change: Mapping[str, Any], day: date) -> str:
    """That a holding takes more of its portfolio than it may."""
    was = f" (was {number(change['was'])} %)" if change["was"] is not None else ""
    head = f"{change['portfolio']}: {change['ticker']} takes {number(change['is'])} % of the portfolio"
    return f"{head}, which is {number(change['above'])} % or more{was}, {day_text(day)}."


def drawdown_message(change: Mapping[str, Any], day: date) -> str:
    """That a portfolio fell from its highest value."""
    was = f" (was {number(change['was'])} %)" if change["was"] is not None else ""
    head = f"{change['portfolio']} is {number(change['is'])} % below its highest value"
    return f"{head}, which is {number(change['beyond'])} % or more{was}, {day_text(day)}."


def due_message(change: Mapping[str, Any]) -> str:
    """That the rebalancing of an index is due."""
    day = day_text(date.fromisoformat(change["reference_day"]))
    return f"The {change['rebalance']} rebalancing of the index {change['index']} is due: its reference day is {day}."


def merged(messages: Iterable[str]) -> str:
    """Several messages of one ticker and day as one."""
    return " ".join(dict.fromkeys(messages))


def changes_of(alert: Alert) -> list[Change]:
    """An alert as a digest tells it; what came on the same day stands behind it."""
    return [_change(alert, told) for told in (alert.data, *alert.data.get("more", ()))]


def _change(alert: Alert, told: Mapping[str, Any]) -> Change:
    about, link = alert.ticker or alert.rule_name, alert.data.get("link")
    if alert.on is AlertKind.VERDICT_CHANGED and alert.fired_by is FiredBy.CONDITION:
        return Change(
            ticker=about,
            strategy=strategy_words(told),
            was=told["was"],
            now=told["is"],
            score=told["score"],
            previous_score=told["was_score"],
            close=told["close"],
            as_of=alert.day,
            record=record_words(told["record"]),
            link=link,
        )
    return Change(ticker=about, strategy=alert.rule_name, was=None, now=_short(alert, told), reason=alert.message, link=link)


def _short(alert: Alert, told: Mapping[str, Any]) -> str:
    if alert.fired_by is FiredBy.NO_DATA:
        return "no new prices"
    match alert.on:
        case AlertKind.PRICE_CROSSED:
            return f"{told['is']} {price(told['level'])}"
        case AlertKind.PLAN_TOUCHED:
            return f"{joined(told['levels'], 'and')} reached"
        case AlertKind.RECORD_BELOW:
            return "record fell"
        case AlertKind.PRICES_STALE:
            return f"{count(told['days'], 'trading day')} behind"
        case AlertKind.JOB_FAILED:
            return "a job failed"
        case AlertKind.WEIGHT_ABOVE:
            return f"{number(told['is'])} % of the portfolio"
        case AlertKind.DRAWDOWN_BEYOND:
            return f"{number(told['is'])} % below its highest value"
        case AlertKind.REBALANCING_DUE:
            return "rebalancing due"
        case _:
            return "a schedule missed its time"
