"""The calls of risk whose requests and answers are examples of the OpenAPI document."""

from __future__ import annotations

from tools.api_recorder import Recorder


def tell_of_risk(call: Recorder) -> None:
    """Call every operation of risk."""
    days = {"start": "2012-09-03", "end": "2012-11-30"}
    call("get_risk", reference="AAPL", query={"benchmark": "MSFT", "rate": 0.02, **days})
    call("get_risk", reference="AAPL", query={"period": "3m"})
    call("get_risk", reference="019aa3b2-7a1e-7c8e-8a55-ffffffffffff")
    call("get_risk", reference="AAPL", query={"series": "true", "start": "2012-11-26", "end": "2012-11-30"})
    call("get_risk", reference="AAPL", query={"start": "2012-11-26", "end": "2012-11-30"}, header={"Accept": "text/csv"})
    call("get_risk_report", reference="AAPL", query={"benchmark": "MSFT", **days})
