"""The calls whose requests and answers are the examples of the OpenAPI document. Each operation is called at least once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, UnsupportedTransferCoding

from infrastructure.web_server.refusal import BROKEN, BROKEN_OFF, TOO_SLOW_BODY, refusal_of
from tools.accounts_story import tell_of_accounts
from tools.api_recorder import Recorder
from tools.currencies_story import tell_of_currencies
from tools.events_story import tell_of_events
from tools.files_story import split_after, tell_of_imports, tell_of_kept_reports
from tools.indexes_story import tell_of_indexes
from tools.news_story import tell_of_macro, tell_of_news
from tools.performance_story import tell_of_performance
from tools.pipelines_story import tell_of_pipelines
from tools.portfolios_story import tell_of_portfolios
from tools.risk_story import tell_of_risk
from tools.strategies_story import tell_of_strategies

REPEATED = range(2)  # a request and its repetition, which gets the same answer
NO_ID = "019aa3b2-7a1e-7c8e-8a55-ffffffffffff"
CSV, FIRST_DAY, SATURDAY = {"Accept": "text/csv"}, date(2026, 8, 31), 5
DAYS = {"start": "2013-02-27", "end": "2013-03-01"}  # the newest of the sample prices


def tell(call: Recorder, run_jobs: Callable[[], None]) -> None:
    """Call every operation, so that each answers whatever it may."""
    _prices(call)
    _universes(call)
    result = _results(call)
    _backtests(call, run_jobs)
    _jobs(call, run_jobs)
    _evidence(call, run_jobs)
    tell_of_risk(call)
    tell_of_indexes(call)
    _refreshes(call, run_jobs)
    tell_of_imports(call, run_jobs, price_file(60))
    tell_of_news(call)
    tell_of_macro(call)
    tell_of_currencies(call)
    tell_of_portfolios(call)
    tell_of_performance(call, run_jobs)
    _watchlist(call)
    _alerts(call, run_jobs)
    tell_of_pipelines(call, run_jobs)
    tell_of_events(call, run_jobs)
    _schedules(call, run_jobs)
    _evening(call)
    _reports(call, result["id"])
    tell_of_kept_reports(call, run_jobs)
    _messages(call, run_jobs)
    _administration(call)
    tell_of_accounts(call)
    _faults(call)
    tell_of_health(call)


def _prices(call: Recorder) -> None:
    file = price_file(60)
    told = {"price_basis": "as_traded", "volume_basis": "as_traded"}
    # First as a trial: the first request of an operation is what /docs offers to send.
    call("upload_prices", body=split_after(file, 3), ticker="ACME", query={"extend": "true", "dry_run": "true", **told})
    call("upload_prices", body=file, ticker="ACME", query={"extend": "true", **told})
    call("list_tickers", query={"q": "a", "limit": 2})
    call("get_prices", ticker="AAPL", query=DAYS)
    call("get_prices", ticker="AAPL", query=DAYS, header=CSV)
    call("get_price_quality", ticker="AAPL")
    split = {"kind": "split", "effective_day": "2026-10-01", "numerator": 3, "denominator": 2}
    added = call("add_action", body=split, ticker="ACME")
    call("list_actions", ticker="ACME")
    call("get_action", ticker="ACME", action_id=added["id"])
    call("set_bases", body=told, ticker="ACME")
    call("remove_action", ticker="ACME", action_id=added["id"])
    call("remove_prices", ticker="ACME")
    call("list_former_prices")
    call("restore_former_prices", ticker="ACME")


def _universes(call: Recorder) -> None:
    apple = {"ticker": "AAPL", "name": "Apple Inc.", "exchange": "XNAS", "currency": "USD", "type": "stock", "sector": "Technology"}
    order = {"items": [apple, {"ticker": "MSFT", "sector": "Technology"}, {"ticker": "NVDA", "name": "NVIDIA Corporation"}]}
    for _ in REPEATED:
        call("replace_universe", name="tech", body=order)
    call("replace_universe", name="all", body=order)
    call("replace_universe", name="tech", body="Symbol,Security\nA B,Agilent\n", header={"Content-Type": "text/csv"})
    call("list_universes")
    call("get_universe", name="tech", query={"limit": 10})
    call("get_universe", name="techs")
    call("list_tickers", query={"q": "nvidia"})
    call("delete_universe", name="tech")


def _results(call: Recorder) -> Any:
    result = call("analyze", body={"ticker": "AAPL", "strategy": "balanced"})
    call("analyze", body={"ticker": "AAPL", "strategy": "trend", "capital": 25_000, "weights": {"rsi": 1.5}})
    call("analyze", body={"ticker": "MSFT"})
    tell_of_strategies(call)
    call("get_verdicts", ticker="AAPL")
    tag = {"If-None-Match": f'"{result["fingerprint"]}"'}
    call("get_result", result_id=result["id"])
    call("get_result", result_id=result["id"], header=tag)
    call("get_flips", result_id=result["id"])
    call("get_honesty", result_id=result["id"])
    call("list_results", query={"strategy": "balanced", "sort": "-score", "limit": 10})
    call("list_results", header=CSV)
    call("list_results", query={"limit": 1}, header=CSV)
    call("list_history", ticker="AAPL")
    call("get_series", ticker="AAPL", query={"keys": "close,ema_50,score", **DAYS})
    _screens(call)
    return result


def _backtests(call: Recorder, run_jobs: Callable[[], None]) -> None:
    spring = {"start": "2012-12-03", "end": "2013-03-01"}  # short, because an answer has a number for each day
    made = call("run_backtest", body={"ticker": "IBM", "strategy": "trend", "cost_bp": 10, **spring})
    call("get_backtest", backtest_id=made["id"])
    call("get_backtest", backtest_id=made["id"], header=CSV)
    call("get_backtest_report", backtest_id=made["id"])
    call("compare_backtests", body={"ticker": "IBM", "sets": [{"strategy": "trend"}, {"strategy": "trend", "stops": False}], **spring})
    order = {"tickers": ["AAPL", "IBM"], "strategy": "weekly", **spring}
    for key in ("2026-11-20-backtests", "2026-11-20-backtests-again"):
        for _ in REPEATED:
            call("run_backtest", body=order, header={"Idempotency-Key": key})
    sets = {"tickers": ["AAPL", "IBM"], "sets": [{"strategy": "trend"}, {"strategy": "reversion"}], **spring}
    for key in ("2026-11-20-compared", "2026-11-20-compared-again"):
        for _ in REPEATED:
            call("compare_backtests", body=sets, header={"Idempotency-Key": key})
    run_jobs()
    call("list_backtests", query={"ticker": "IBM", "limit": 10})
    call("get_backtest", backtest_id=NO_ID)


def _screens(call: Recorder) -> None:
    query = {"signal": "BUY", "max_distance": 2, "sort": "distance_percent", "columns": "name,score,distance_percent,vote_macd"}
    saved = call("save_screen", body={"name": "Near the entry", "query": query})
    call("save_screen", body={"name": "Near the entry", "query": query})
    call("list_screens")
    call("get_screen", screen_id=saved["id"])
    call("change_screen", screen_id=saved["id"], body={"name": "Buys near the entry"})
    call("delete_screen", screen_id=saved["id"])


def _jobs(call: Recorder, run_jobs: Callable[[], None]) -> None:
    order = {"tickers": ["AAPL", "MSFT", "NONE"]}
    for _ in REPEATED:
        job = call("bulk_analyze", body=order, header={"Idempotency-Key": "2026-11-20-evening"})
    for _ in REPEATED:
        call("bulk_analyze", body=order, header={"Idempotency-Key": "2026-11-20-again"})
    run_jobs()
    done = call("get_job", job_id=job["id"])
    call("get_job", job_id=job["id"], header={"If-None-Match": f'"{done["version"]}"'})
    call("list_jobs", query={"status": "completed", "limit": 10})
    call("list_job_items", job_id=job["id"], query={"status": "failed"})
    call("list_job_items", job_id=job["id"])
    call("get_job_summary", job_id=job["id"])
    call("stream_job", job_id=job["id"])
    call("stream_job", job_id=job["id"], header={"Last-Event-ID": str(done["version"])})
    for _ in REPEATED:
        second = call("retry_job", job_id=job["id"], header={"Idempotency-Key": "2026-11-20-failed"})
    for _ in REPEATED:
        call("retry_job", job_id=job["id"], header={"Idempotency-Key": "2026-11-20-once-more"})
    call("cancel_job", job_id=second["id"], header={"If-Match": '"0"'})
    call("cancel_job", job_id=second["id"], header={"If-Match": f'"{second["version"]}"'})
    call("cancel_job", job_id=second["id"])


def _evidence(call: Recorder, run_jobs: Callable[[], None]) -> None:
    found = call("get_evidence", ticker="AAPL", query={"horizons": 20})
    call("get_evidence", ticker="AAPL", query={"horizons": 20}, header={"If-None-Match": f'"{found["fingerprint"]}"'})
    call("get_evidence", ticker="AAPL", query={"horizons": 20}, header=CSV)
    call("get_universe_evidence")
    order = {"universe": "all", "horizons": [20]}
    for key in ("2026-11-20-evidence", "2026-11-20-evidence-again"):
        for _ in REPEATED:
            call("compute_evidence", body=order, header={"Idempotency-Key": key})
    call("get_universe_evidence")
    run_jobs()
    call("get_universe_evidence")
    call("get_universe_evidence", header=CSV)


def _refreshes(call: Recorder, run_jobs: Callable[[], None]) -> None:
    order = {"tickers": ["INITECH", "NONE"]}
    for key in ("2026-11-20-prices", "2026-11-20-prices-again"):
        for _ in REPEATED:
            call("refresh", body=order, header={"Idempotency-Key": key})
    call("refresh", body={"universe": "nowhere"})
    run_jobs()
    call("list_providers")
    call("set_ticker_providers", ticker="INITECH", body={"providers": ["csv_url", "tiingo"]})
    call("set_ticker_providers", ticker="INITECH", body={"providers": ["csv_url", "csv_url"]})
    call("get_ticker_providers", ticker="INITECH")
    call("set_ticker_providers", ticker="INITECH", body={"providers": []})
    call("list_price_checks", query={"differing": "true"})
    call("analyze", body={"ticker": "GOOG"})
    call("refresh", body={"tickers": ["GOOG"]})
    run_jobs()
    for key in ("2026-11-20-rerun", "2026-11-20-rerun-again"):
        for _ in REPEATED:
            call("rerun", body={"tickers": ["GOOG"]}, header={"Idempotency-Key": key})
    run_jobs()


def _watchlist(call: Recorder) -> None:
    call("add_to_watchlist", body={"ticker": "AAPL", "notes": "Wait for the results of January."})
    call("add_to_watchlist", body={"ticker": "AAPL"})
    call("add_many_to_watchlist", body={"tickers": ["AAPL", "MSFT", "NONE"], "without_prices": "skip"})
    call("change_watchlist_item", ticker="MSFT", body={"notes": "Too dear.", "after": None})
    call("list_watchlist")
    call("get_watchlist_item", ticker="MSFT")
    call("get_overview", query={"strategy": "balanced"})
    call("remove_from_watchlist", ticker="AAPL")
    _named_lists(call)


def _alerts(call: Recorder, run_jobs: Callable[[], None]) -> None:
    conditions = {"from": ["Hold", "Sell"], "to": ["Buy"]}
    turns = {"name": "Turns to Buy", "on": "verdict_changed", "universe": "watchlist", "conditions": conditions}
    old = {"name": "Old prices", "on": "prices_stale", "tickers": ["AAPL"], "conditions": {"trading_days": 5}}
    call("preview_alert_rule", body={**turns, "for_days": 2})
    made = call("create_alert_rule", body={**turns, "for_days": 2})["id"]
    call("create_alert_rule", body={**turns, "conditions": {"to": ["buy"]}})
    call("create_alert_rule", body={**turns, "universe": "nowhere"})
    stale = call("create_alert_rule", body=old)["id"]
    run_jobs()  # beside it, maintenance looks at the age of prices
    alert = call("list_alerts", query={"unread": "true"})["items"][0]["id"]
    call("count_unread_alerts")
    call("mark_alert_read", alert_id=alert)
    call("mark_alert_unread", alert_id=alert)
    call("mark_all_alerts_read", body={"through": alert})
    call("change_alert_rule", rule_id=made, body={"for_days": 1, "digest": False})
    call("get_alert_rule", rule_id=made)
    call("list_alert_rules")
    call("list_alert_states", rule_id=stale)
    call("test_alert_rule", rule_id=made, body={"send": True})
    call("delete_alert_rule", rule_id=made)
    call("delete_alert_rule", rule_id=made)


def _named_lists(call: Recorder) -> None:
    made = call("create_watchlist", body={"name": "Software"})["id"]
    call("create_watchlist", body={"name": "software"})
    call("add_to_list", list_id=made, body={"ticker": "MSFT", "notes": "Strong since March."})
    call("add_many_to_list", list_id=made, body={"tickers": ["MSFT", "IBM"]})
    call("change_list_item", list_id=made, ticker="IBM", body={"after": None})
    call("list_watchlist_items", list_id=made)
    call("get_list_item", list_id=made, ticker="IBM")
    call("get_overview", query={"list": made, "sort": "position"})
    call("remove_from_list", list_id=made, ticker="IBM")
    call("change_watchlist", list_id=made, body={"name": "Software and services"})
    call("list_watchlists", query={"ticker": "MSFT"})
    call("get_watchlist", list_id=made)
    call("delete_watchlist", list_id="default")
    call("delete_watchlist", list_id=made)


def _evening(call: Recorder) -> None:
    hook = {"name": "Desk", "type": "webhook", "url": "https://example.com/evening"}
    run = {"strategies": ["balanced", "trend"], "calendar": "XNYS", "after_close": "00:30", "channel": hook}
    for _ in REPEATED:
        made = call("set_up_evening_run", body=run, header={"Idempotency-Key": "2026-11-20-set-up"})
    call("set_up_evening_run", body={"name": "Second", "channels": ["nobody"]})
    call("delete_schedule", schedule_id=made["schedule"]["id"])
    call("delete_channel", channel_id=made["channels"][0]["id"])


def _schedules(call: Recorder, run_jobs: Callable[[], None]) -> None:
    evening = {"name": "Evening", "calendar": "XNYS", "after_close": "00:30", "action": "refresh", "params": {"tickers": ["GOOG"]}}
    made = call("create_schedule", body=evening)
    call("create_schedule", body={**evening, "name": "Hourly", "calendar": None, "after_close": None, "cron": "60 * * * *"})
    call("preview_schedule", query={"cron": "30 17 * * MON-FRI", "time_zone": "America/New_York", "count": 3})
    call("list_schedules")
    call("get_schedule", schedule_id=made["id"])
    call("change_schedule", body={"catch_up": 7_200}, schedule_id=made["id"])
    call("list_next_times", schedule_id=made["id"], query={"count": 3})
    call("pause_schedule", schedule_id=made["id"])
    call("resume_schedule", schedule_id=made["id"])
    for _ in REPEATED:
        call("run_schedule", schedule_id=made["id"], header={"Idempotency-Key": "2026-11-20-run"})
    run_jobs()
    call("list_firings", schedule_id=made["id"])
    call("backfill_schedule", body={"from": "2026-11-17T00:00:00Z", "to": "2026-11-19T00:00:00Z"}, schedule_id=made["id"])
    call("count_firings_by_day", query={"first": "2026-11-16", "last": "2026-11-20"})
    call("delete_schedule", schedule_id=made["id"])


def _reports(call: Recorder, result_id: str) -> None:
    call("get_ticker_report", ticker="AAPL", query={"strategy": "balanced"})
    call("get_job_report", job_id=call("list_jobs")["items"][0]["id"])
    call("get_results_report", query={"strategy": "balanced"})
    call("get_evidence_report", ticker="AAPL", query={"horizons": "20"})
    call("get_universe_evidence_report", query={"universe": "all"})


def _messages(call: Recorder, run_jobs: Callable[[], None]) -> None:
    hook = {"name": "Evening hook", "type": "webhook", "url": "https://example.com/bellwether", "time_zone": "America/New_York"}
    mail = {"name": "My mail", "type": "email", "address": "me@example.com", "time_zone": "Europe/Berlin"}
    for _ in REPEATED:
        made = call("create_channel", body=hook, header={"Idempotency-Key": "2026-11-20-channel"})
    call("create_channel", body=hook)
    call("create_channel", body={**hook, "name": "Inside", "url": "http://192.168.1.7/hook"})
    channel_id = call("create_channel", body=mail)["id"]
    call("list_channels")
    call("get_channel", channel_id=made["id"])
    for _ in REPEATED:
        call("replace_secret", channel_id=made["id"], header={"Idempotency-Key": "2026-11-20-secret"})
    for _ in REPEATED:
        sent = call("test_channel", channel_id=channel_id, header={"Idempotency-Key": "2026-11-20-test"})
    run_jobs()  # no mail server is set, so that nothing is asked outside
    call("list_deliveries", query={"status": "pending", "limit": 10})
    call("get_delivery", delivery_id=sent["id"])
    for _ in REPEATED:
        call("retry_delivery", delivery_id=sent["id"], header={"Idempotency-Key": "2026-11-20-sent-again"})
    call("change_channel", channel_id=channel_id, body={"name": "Night mail", "enabled": False})
    call("test_channel", channel_id=channel_id)
    call("delete_channel", channel_id=channel_id)
    call("get_delivery", delivery_id=NO_ID)
    call("get_channel", channel_id=NO_ID)


def _administration(call: Recorder) -> None:
    call("get_status")
    call("list_integrations")
    call("test_integration", name="storage")
    call("test_integration", name="smtp")
    call("test_integration", name="unknown")
    for _ in REPEATED:
        call("create_api_key", body={"name": "Night run"}, header={"Idempotency-Key": "2026-11-20-key"})
    key = call("create_api_key", body={"name": "Evening run"})
    call("list_api_keys")
    call("get_api_key", key_id=key["id"])
    call("list_api_keys", header={"X-API-Key": key["key"]})
    call("revoke_api_key", key_id=key["id"])
    call("list_feature_flags")
    call("set_feature_flag", body={"enabled": False, "reason": "Until the disk is larger."}, name="uploads")
    call("upload_prices", body=price_file(60), ticker="ACME")
    call("set_feature_flag", body={"enabled": True}, name="uploads")
    call("get_feature_flag", name="uploads")
    call("list_workers")
    call("list_recent_errors")
    call("list_cache", query={"prefix": "results:"})
    call("clear_cache", query={"prefix": "results:"})


def _faults(call: Recorder) -> None:
    """Each code of a problem once, but for those of `refusals`."""
    call("analyze", body={"ticker": "AAPL", "capital": -1})
    call("analyze", body='{"ticker": AAPL}', header={"Content-Type": "application/json"})
    call("analyze", body="ticker=AAPL", header={"Content-Type": "application/x-www-form-urlencoded"})
    call("analyze", body={"ticker": "A" * 1_000_000})
    call("analyze", body={"ticker": "NONE"})
    call("analyze", body={"ticker": "FB", "as_of": "2012-06-01"})
    call("bulk_analyze", body={"tickers": ["FB"]}, header={"Idempotency-Key": "2026-11-20-evening"})
    call("upload_prices", body=price_file(50), ticker="ACME", query={"on_loss": "refuse"})
    call("get_job", job_id=NO_ID)
    call("get_result", result_id=NO_ID)
    call("list_jobs", header={"X-API-Key": ""})
    while call("upload_prices", body=price_file(60, "open"), ticker="ACME")["code"] != "rate_limited":
        pass


def tell_of_health(call: Recorder) -> None:
    """Call what tells of health."""
    for operation in ("get_live", "get_ping", "get_ready", "get_health", "get_migrations"):
        call(operation)


def tell_of_no_provider(call: Recorder) -> None:
    """Ask for prices where no provider is configured."""
    call("refresh", body={"tickers": ["INITECH"]})


def refusals() -> Iterator[tuple[str, Any]]:
    """The problems that the server answers before the application sees the request, and that of an unexpected error."""
    errors = (LimitRequestLine(9_000, 8_190), LimitRequestHeaders("limit request headers fields size"), UnsupportedTransferCoding("gzip"))
    for refusal in (BROKEN, BROKEN_OFF, TOO_SLOW_BODY, *map(refusal_of, errors)):
        body = json.loads(refusal.render()[1].partition(b"\r\n\r\n")[2])
        yield str(refusal.status.value), body


def price_file(bars: int, bad: str = "") -> bytes:
    """A file of daily prices; with `bad`, a text in place of the first open."""
    days = [day for day in (FIRST_DAY + timedelta(number) for number in range(2 * bars)) if day.weekday() < SATURDAY][:bars]
    rows = [f"{day},{100 + at % 7},{102 + at % 7},{99 + at % 7},{101 + at % 7},{90_000 + at}" for at, day in enumerate(days)]
    if bad:
        rows[0] = rows[0].replace(",100,", f",{bad},")
    return "\n".join(["Date,Open,High,Low,Close,Volume", *rows, ""]).encode()
