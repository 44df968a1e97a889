"""Whether boards and alert rules speak of metrics that exist, and whether each alert tells an operator what to do."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from domain.case import Cause
from domain.order import Stage
from domain.promise import PROMISES
from persistence.evidence import Verdict
from runtime.metric_names import METRICS, SERIES, TEMPORAL_SERIES, TEMPORAL_TROUBLE
from tests.deployment.composed import Composition, read_yaml
from tests.deployment.deployed import Deployment
from tests.deployment.promql import Query, Slip, read
from workflows import identity

BOARDS = ("orders", "system")
RULES, OPERATIONS = "deploy/prometheus/alerts.yml", "docs/operations.md"
OF_OTHERS = {  # what Prometheus itself, the Postgres exporter and the Temporal server tell: no code of ours names them
    "up",
    "pg_database_size_bytes",
    "pg_long_running_transactions_oldest_timestamp_seconds",
    "pg_settings_max_connections",
    *(f"pg_stat_database_{name}" for name in ("blks_hit", "blks_read", "deadlocks", "numbackends")),
    *(f"pg_stat_database_xact_{name}" for name in ("commit", "rollback")),
    "persistence_error_with_type",
    "persistence_latency_bucket",
    "service_requests",
    "task_latency_load_bucket",
}
BY_PROMETHEUS = {"job", "instance", "service", "le"}
WORDS: dict[str, set[str]] = {
    "stage": set(Stage),
    "cause": set(Cause),
    "verdict": set(Verdict),
    "queue": set(identity.TASK_QUEUES),
    "what": {"evidence", "outbox"},
    "at": {"record", "temporal"},
    "outcome": {"done", "failed"},
    "attended": {"yes", "no"},
}
ASKED_FOR = {  # row V5: what somebody must hear of -> the alert that says it
    "stuck stage": "OrdersStuck",
    "rising errors": "ErrorsRising",
    "backlog": "WorkersBehind",
    "late acknowledgement": "AcknowledgedLate",
    "no pollers": "NoPollers",
    "evidence accepted but not applied": "EvidenceNotApplied",
    "outside system failing": "OutsideSystemFailing",
    "outbox unsent": "OutboxUnsent",
    "audit broken": "AuditBroken",
}


class Severity(StrEnum):
    PAGE = "page"
    TICKET = "ticket"


def watching_faults(deployed: Deployment) -> list[str]:
    checks = (_rules, _promises, _boards, _sections, _services)
    return [fault for check in checks for fault in check(deployed)]


def rules(deployed: Deployment) -> list[dict[str, Any]]:
    return [rule for group in read_yaml(deployed.text(RULES))["groups"] for rule in group["rules"]]


def raised(deployed: Deployment) -> dict[str, str]:
    """Every alert, also those that no rule raises but a nightly look -> where its section is said to be."""
    found = {rule["alert"]: str(rule["annotations"].get("runbook")) for rule in rules(deployed)}
    script = deployed.text("deploy/nightly.sh")
    return found | dict(re.findall(r"\braise_alert (\w+) .*(docs/operations\.md#\w+)", script))


def _rules(deployed: Deployment) -> Iterator[str]:
    for rule in rules(deployed):
        faults = list(query_faults(rule["expr"]))
        yield from (f"{rule['alert']}: {fault}" for fault in faults)
        if rule["labels"].get("severity") not in set(Severity):
            yield f"{rule['alert']}: nobody knows whether it wakes somebody"
        told = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        for label in sorted(told - _labels(rule["expr"])) if not faults else ():
            yield f"{rule['alert']}: its sentence names {label}, which its query does not keep"
    for wish, alert in ASKED_FOR.items():
        if alert not in raised(deployed):
            yield f"nothing tells of: {wish}"


def _labels(text: str) -> set[str]:
    query = read(text)
    return {*query.grouped_by, *(label for _, picked in query.series for label, _ in picked)}


def query_faults(text: str) -> Iterator[str]:
    try:
        query = read(text)
    except Slip as slip:
        yield str(slip)
        return
    for name in sorted(query.names - SERIES - TEMPORAL_SERIES - TEMPORAL_TROUBLE - OF_OTHERS):
        yield f"nobody measures {name}"
    yield from _label_faults(query)


def _label_faults(query: Query) -> Iterator[str]:
    known = {series: {*metric.labels, *BY_PROMETHEUS} for metric in METRICS for series in metric.series}
    for name, picked in query.series:
        for label, value in picked:
            if name in known and label not in known[name]:
                yield f"{name} has no label {label}"
            if label in WORDS and re.fullmatch(r"\w+", value) and value not in WORDS[label]:
                yield f"{value} is no {label}"
    if query.names <= known.keys():
        for label in query.grouped_by:
            if not any(label in known[name] for name in query.names):
                yield f"nothing of it has a label {label}"


def _promises(deployed: Deployment) -> Iterator[str]:
    """An order is late when it is later than its customer was told."""
    text = next(rule["expr"] for rule in rules(deployed) if rule["alert"] == "OrdersLate")
    said = {stage: int(limit) for stage, limit in re.findall(r'stage="(\w+)"}\) > (\d+)', text)}
    told = {
        str(stage): promise.span.latest.total_seconds() for stage, promise in PROMISES.items() if promise.span.latest
    }
    if said != told:
        yield f"OrdersLate: customers are told {told}"


def _boards(deployed: Deployment) -> Iterator[str]:
    sources = read_yaml(deployed.text("deploy/grafana/provisioning/datasources/lockstep.yaml"))["datasources"]
    known = {each["uid"] for each in sources}
    boards = {name: json.loads(deployed.text(f"deploy/grafana/dashboards/{name}.json")) for name in BOARDS}
    if len({board["uid"] for board in boards.values()}) < len(boards):
        yield "two boards have one uid"
    for name, board in boards.items():
        places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in board["panels"]]
        if len(set(places)) < len(places):
            yield f"{name}: two panels lie on one place"
        for panel in board["panels"]:
            yield from (f"{name}: {panel['title']}: {fault}" for fault in _panel(panel, known))
    shown = {name for board in boards.values() for text in _queries(board) for name in re.findall(r"\w+", text)}
    for metric in METRICS:
        if not shown & set(metric.series):
            yield f"no board shows {metric.name}"


def _panel(panel: dict[str, Any], sources: set[str]) -> Iterator[str]:
    targets = panel.get("targets", [])
    if any(each["datasource"]["uid"] not in sources for each in (panel, *targets) if "datasource" in each):
        yield "it asks a source that is not provisioned"
    for target in targets:
        faults = list(query_faults(target["expr"]))
        yield from faults
        told = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        for label in told - set(read(target["expr"]).grouped_by) if not faults else ():
            yield f"its legend names {label}, which its query does not keep"


def _queries(board: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]


def _sections(deployed: Deployment) -> Iterator[str]:
    """Each alert has its section, each section its alert, and each section says all four things."""
    sections = alert_sections(deployed.text(OPERATIONS))
    alerts = raised(deployed)
    for alert, link in alerts.items():
        if alert not in sections:
            yield f"{alert}: docs/operations.md has no section"
        if link != f"{OPERATIONS}#{alert.lower()}":
            yield f"{alert}: its link is {link}"
    for title in sorted(sections.keys() - alerts.keys()):
        yield f"docs/operations.md explains {title}, which nothing raises"
    for title, text in sections.items():
        for part in ("**Means**", "**Look**", "**Do**", "**Wake**"):
            if part not in text:
                yield f"docs/operations.md#{title.lower()} lacks {part}"


def alert_sections(text: str) -> dict[str, str]:
    """Of the chapter about alerts: title -> text."""
    chapter = text.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    parts = re.split(r"^### (\w+)\n", chapter, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _services(deployed: Deployment) -> Iterator[str]:
    """The processes whose absence is told are those that there are."""
    text = next(rule["expr"] for rule in rules(deployed) if rule["alert"] == "ProcessesAway")
    told = set(re.findall(r'service="([\w-]+)"', text))
    there = {each.name for each in Composition(deployed).ours if each.environment.get("LOCKSTEP_METRICS_ADDRESS")}
    if told != there:
        yield f"ProcessesAway tells of {told}, there are {there}"
