"""The Prometheus rules and the Grafana dashboard: they use metrics that a running application exposes, and every alert can fire."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from kit.alerts import CASES, HEALTHY, Case
from kit.jobs import finished
from kit.paths import ROOT
from kit.support import MASTER_KEY, Client
from prometheus_client.parser import text_string_to_metric_families

from app import Application

RULES_FILE = ROOT / "deploy" / "prometheus" / "alerts.yml"
RULES: list[dict[str, Any]] = [rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
REFERENCE = (ROOT / "docs" / "metrics.md").read_text()

OF_PROMETHEUS = {"job", "instance"}  # labels that a scrape adds
GRAFANA_VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$job": "bellwether", "$instance": "bellwether:8000"}
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


def dashboard_expressions() -> Iterator[tuple[str, str]]:
    """Yield the place of each expression of the dashboard and the expression, with values for its variables."""
    notes = [note for note in DASHBOARD["annotations"]["list"] if "expr" in note]
    expressions = [(f"{panel['title']} {target['refId']}", target["expr"]) for panel in PANELS for target in panel["targets"]]
    for place, expression in expressions + [(note["name"], note["expr"]) for note in notes]:
        yield place, re.sub(r"\$\w+", lambda variable: GRAFANA_VARIABLES[variable.group()], expression)


EXPRESSIONS = {rule.get("alert") or rule["record"]: rule["expr"] for rule in RULES} | dict(dashboard_expressions())


# ---- metrics ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """A metric as it is exposed or described: its type, and the values of each label."""

    type: str
    labels: dict[str, set[str]] = field(default_factory=dict)


def exposed_metrics(text: str) -> dict[str, Metric]:
    """The project's metrics in an exposition."""
    used = {}
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        # In a single process, the client library adds the creation time of each counter.
        if name.startswith(("http_", "bellwether_")) and not name.endswith("_created"):
            labels: dict[str, set[str]] = {}
            for sample in family.samples:
                for label, value in sample.labels.items():
                    if label != "le":
                        labels.setdefault(label, set()).add(value)
            used[name] = Metric(family.type, labels)
    return used


def described_metrics() -> dict[str, Metric]:
    """The metrics in the tables of docs/metrics.md. A label without values may have any value."""
    used = {}
    for name, kind, labels in re.findall(r"^\| `([a-z_]+)` \| (\w+) \|([^|]*)\|", REFERENCE, flags=re.MULTILINE):
        parts = [re.findall(r"`([a-z_]+)`", part) for part in labels.split(";")]
        used[name] = Metric(kind, {part[0]: set(part[1:]) for part in parts if part})
    return used


@pytest.fixture
def exposed(client: Client) -> dict[str, Metric]:
    """The metrics that the application exposes after a few requests and a job."""
    for _ in range(2):
        assert client.post("/analyze", {"ticker": "AAPL"}).status_code == 200
    assert client.get("/results").status_code == 200
    assert client.get("/nowhere").status_code == 404
    assert finished(client, "AAPL", "MSFT")["status"] == "completed"
    answer = client.http.open("/metrics", headers={"X-API-Key": MASTER_KEY})
    assert answer.status_code == 200, answer.text
    return exposed_metrics(answer.text)


def test_reference_lists_what_is_exposed(exposed: dict[str, Metric]) -> None:
    described = described_metrics()
    assert set(described) == set(exposed)
    assert {name: metric.type for name, metric in described.items()} == {name: metric.type for name, metric in exposed.items()}
    for name, metric in exposed.items():
        if metric.labels:  # otherwise nothing has been counted yet
            assert set(metric.labels) == set(described[name].labels), name
        for label, values in metric.labels.items():
            assert values <= (described[name].labels[label] or values), f"{name}: {label}"
    for name, metric in described.items():
        # A counter may lack labels that need more than a few requests, such as those of an open breaker. A gauge has all its labels.
        assert metric.type != "gauge" or set(metric.labels) == set(exposed[name].labels), name


# ---- expressions against the metrics ----------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Derives the labels of an expression, and records metrics, labels and values that do not exist."""

    metrics: dict[str, Metric]
    routes: list[str]
    faults: list[str] = field(default_factory=list)

    def labels_of(self, node: Any) -> set[str]:
        """The labels that the series of an expression can have."""
        match node:
            case promql.NumberLiteral() | promql.StringLiteral():
                return set()
            case promql.VectorSelector():
                return self._select(node)
            case promql.MatrixSelector():
                return self._select(node.vector_selector)
            case promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
                return self.labels_of(node.expr)
            case promql.Call():
                labels = set().union(*map(self.labels_of, node.args))
                return labels - {"le"} if node.func.name == "histogram_quantile" else labels
            case promql.AggregateExpr():
                return self._aggregate(node)
            case promql.BinaryExpr():
                return self._combine(node)
        raise TypeError(type(node))

    def _select(self, selector: Any) -> set[str]:
        name = selector.name
        if name in RECORDED:
            return self.labels_of(promql.parse(RECORDED[name]))
        if name in ("up", "ALERTS"):
            return OF_PROMETHEUS | ({"alertname", "alertstate", "severity", "route", "name", "flag"} if name == "ALERTS" else set())
        bare = re.sub(r"_(bucket|sum|count)$", "", name)
        metric = self.metrics.get(name) or self.metrics.get(bare)
        if metric is None or (metric.type == "histogram") != (bare != name):
            self.faults.append(f"no metric {name}")
            return set()
        for matcher in selector.matchers.matchers:
            if matcher.name not in {*metric.labels, *OF_PROMETHEUS}:
                self.faults.append(f"{name} has no label {matcher.name}")
            elif matcher.name == "route":
                # Each alternative of the pattern names a route that exists.
                self._must_match(name, "route", matcher.value.split("|"), self.routes)
            elif metric.labels.get(matcher.name):
                self._must_match(name, matcher.name, matcher.value.split("|"), metric.labels[matcher.name])
        return {*metric.labels, *OF_PROMETHEUS} | ({"le"} if name.endswith("_bucket") else set())

    def _must_match(self, metric: str, label: str, patterns: Iterable[str], values: Iterable[str]) -> None:
        self.faults += [f"{metric}: {label} is never {one}" for one in patterns if not any(re.fullmatch(one, value) for value in values)]

    def _aggregate(self, node: Any) -> set[str]:
        inner = self.labels_of(node.expr)
        if node.modifier is None:
            return set()
        named = set(node.modifier.labels)
        self.faults += [f"nothing to group by {label} in {node.prettify()}" for label in sorted(named - inner)]
        return named if node.modifier.type == promql.AggModifierType.By else inner - named

    def _combine(self, node: Any) -> set[str]:
        sides = [self.labels_of(node.lhs), self.labels_of(node.rhs)]
        matching = node.modifier.matching if node.modifier else None
        if matching is not None:
            for labels in sides:
                self.faults += [f"nothing to match {label} with in {node.prettify()}" for label in sorted(set(matching.labels) - labels)]
        return sides[0] | sides[1] if str(node.op) == "or" else sides[0] or sides[1]


def test_expressions_read_what_exists(app: Application, exposed: dict[str, Metric]) -> None:
    described = described_metrics()
    # Labels as exposed, or as described for a metric without samples. Values as described: a few requests expose only some of them.
    known = {
        name: Metric(metric.type, {label: of_name.labels.get(label, set()) for label in metric.labels or of_name.labels})
        for name, metric in exposed.items()
        if (of_name := described.get(name, metric))
    }
    routes = ["/metrics", *(rule.rule for rule in app.url_map.iter_rules())]
    faults = {}
    for place, expression in EXPRESSIONS.items():
        reader = Reader(known, routes)
        labels = reader.labels_of(promql.parse(expression))
        for label in sorted(labels_shown(place) - labels):
            reader.faults.append(f"shows {label}, which it has not got")
        faults[place] = reader.faults
    assert {place: found for place, found in faults.items() if found} == {}


def labels_shown(place: str) -> set[str]:
    """The labels that the texts of an alert or the legend of a panel use."""
    if place in ALERTS:
        return set(re.findall(r"\$labels\.(\w+)", " ".join(ALERTS[place]["annotations"].values())))
    legends = {f"{panel['title']} {target['refId']}": target["legendFormat"] for panel in PANELS for target in panel["targets"]}
    return set(re.findall(r"{{(\w+)}}", legends.get(place, "")))


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_expressions_parse(place: str) -> None:
    promql.parse(EXPRESSIONS[place])


# ---- the files themselves ---------------------------------------------------------------------------------------------------------


def runbook_sections() -> set[str]:
    """The anchors of the runbook's sections."""
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in re.findall(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)}


@pytest.mark.parametrize("name", ALERTS)
def test_alerts_say_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert alert["annotations"]["summary"]
    assert "$" in alert["annotations"]["description"], "it names what it saw"
    assert alert["annotations"]["runbook_url"] == f"docs/runbook.md#{name.lower()}"
    section = RUNBOOK.split(f"\n## {name}\n")[1].split("\n## ")[0]
    for part in ("**Means.**", "**First look.**", "**Remedy.**"):
        assert part in section


def test_runbook_has_no_more_and_links_within() -> None:
    without_an_alert = {"where-to-look-first", "symptoms", "providers-of-prices", "a-full-disk", "the-storage-of-files"}
    assert runbook_sections() == {name.lower() for name in ALERTS} | without_an_alert
    assert set(re.findall(r"\]\(#([\w-]+)\)", RUNBOOK)) <= runbook_sections()


def test_runbook_names_events_that_are_logged() -> None:
    skipped = {".venv", ".venv-bench", ".venv-tools", "tests", "benchmarks"}
    code = "\n".join(path.read_text() for path in ROOT.rglob("*.py") if not skipped & set(path.parts))
    logged = set(re.findall(r"(?:log|write)(?:\.\w+)?\(\s*\"([^\"]+)\"", code))
    named = re.findall(r"Logs by event:((?:[^.;`]|`[^`]+`)+)", RUNBOOK)
    events = {" ".join(event.split()) for sentence in named for event in re.findall(r"`([^`]+)`", sentence)}
    assert len(events) > 15
    fields = {"route", "ms", "reason", "code", "request_id", "status", "job_ids"}
    assert events - fields <= logged


def test_every_alert_has_a_panel() -> None:
    linked = {link["url"].removeprefix("${runbook}#") for panel in PANELS for link in panel["links"]}
    assert linked == {name.lower() for name in ALERTS}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panels_are_complete(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["description"].endswith(".")
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"]
    assert panel["links"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert all(target["legendFormat"] and target["datasource"] == panel["datasource"] for target in panel["targets"])


def test_panels_lie_beside_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
            assert taken.setdefault(cell, panel["title"]) == panel["title"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource", "job", "instance", "runbook"}


def test_provisioning_fits_the_rest() -> None:
    folder = ROOT / "deploy" / "grafana" / "provisioning"
    source = yaml.safe_load((folder / "datasources.yaml").read_text())["datasources"][0]
    provider = yaml.safe_load((folder / "dashboards.yaml").read_text())["providers"][0]
    prometheus = yaml.safe_load((RULES_FILE.parent / "prometheus.yml").read_text())
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]
    assert f"{provider['options']['path']}/dashboard.json" in REFERENCE
    assert prometheus["rule_files"] == [RULES_FILE.name]
    assert prometheus["scrape_configs"][0]["job_name"] == "bellwether"
    assert prometheus["scrape_configs"][0]["metrics_path"] == "/metrics"


# ---- promtool ---------------------------------------------------------------------------------------------------------------------


def promtool(*arguments: str) -> None:
    """Run promtool. Fails with its output as the message."""
    assert PROMTOOL is not None
    run = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@needs_promtool
def test_promtool_accepts_the_files() -> None:
    promtool("check", "rules", str(RULES_FILE))
    promtool("check", "config", "--syntax-only", str(RULES_FILE.parent / "prometheus.yml"))


@needs_promtool
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_alerts_fire_when_they_should(case: Case, tmp_path: Path) -> None:
    series = {name: values for name, values in {**HEALTHY, **case.changes}.items() if values is not None} if case.on_top else case.changes
    expected = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(case.fires)]
    firing = 'sort(group by (alertname) (ALERTS{alertstate="firing"}))'
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": f"{case.minutes}m", "exp_samples": expected}],
    }
    written = tmp_path / "case.yml"
    written.write_text(yaml.safe_dump({"rule_files": [str(RULES_FILE)], "evaluation_interval": "1m", "tests": [test]}))
    promtool("test", "rules", str(written))


def test_every_alert_is_shown_to_fire() -> None:
    assert set().union(*(case.fires for case in CASES)) == set(ALERTS)
