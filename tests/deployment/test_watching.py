"""Boards, alert rules and docs/operations.md speak of what there is, and of the same."""

from pathlib import Path

import pytest

from tests.deployment.deployed import ROOT, Deployment, planter
from tests.deployment.docs_checks import docs_faults
from tests.deployment.promql import Slip, read
from tests.deployment.watching_checks import watching_faults

RULES, DOCS, ORDERS = "deploy/prometheus/alerts.yml", "docs/operations.md", "deploy/grafana/dashboards/orders.json"


def faults(deployed: Deployment) -> list[str]:
    return [*watching_faults(deployed), *docs_faults(deployed)]


def test_boards_rules_and_document_are_as_they_should_be() -> None:
    assert faults(Deployment(ROOT)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (RULES, "(lockstep_queue_pollers)", "(lockstep_pollers)", "NoPollers: nobody measures lockstep_pollers"),
        (RULES, "max by (queue) (lockstep", "max by (shop) (lockstep", "nothing of it has a label shop"),
        (RULES, 'what="evidence"', 'what="evidences"', "evidences is no what"),
        (RULES, 'what="evidence"', 'kind="evidence"', "has no label kind"),
        (RULES, "absent(up{", "absence(up{", "absence is no function"),
        (RULES, "== 0\n        for: 2m", "== 0)\n        for: 2m", ") closes nothing"),
        (RULES, "max by (stage) (lockstep_orders_un", "max (lockstep_orders_un", "its sentence names stage"),
        (RULES, "severity: page", "severity: loud", "wakes somebody"),
        (RULES, 'stage="preparing"}) > 7200', 'stage="preparing"}) > 9000', "OrdersLate: customers are told"),
        (RULES, "alert: OrdersStuck", "alert: OrderStuck", "nothing tells of: stuck stage"),
        (RULES, "#ordersstuck", "#orders-stuck", "OrdersStuck: its link is"),
        (RULES, 'service="order-worker"})', 'service="worker"})', "ProcessesAway tells of"),
        ("deploy/nightly.sh", "raise_alert AuditBroken", "raise AuditBroken", "nothing tells of: audit broken"),
        (DOCS, "### OrdersStuck\n", "### OrdersAreStuck\n", "OrdersStuck: docs/operations.md has no section"),
        (DOCS, "### OutboxUnsent\n", "### OutboxFull\n", "explains OutboxFull, which nothing raises"),
        (DOCS, "**Wake** No.", "No.", "lacks **Wake**"),
        (ORDERS, '"uid": "prometheus"', '"uid": "thanos"', "a source that is not provisioned"),
        (ORDERS, "lockstep_backlog)", "lockstep_backlogs)", "nobody measures lockstep_backlogs"),
        (ORDERS, "{{stage}}", "{{shop}}", "its legend names shop"),
        (ORDERS, "sum by (channel, shop) (rate(lockstep_orders_placed_total[5m])) * 60", "up", "no board shows"),
        (ORDERS, '"lockstep-orders"', '"lockstep-system"', "two boards have one uid"),
        # the document itself
        (DOCS, "| `LOCKSTEP_TRACING` |", "| `LOCKSTEP_TRACE` |", "does not explain LOCKSTEP_TRACING"),
        (DOCS, "| `LOCKSTEP_TRACING` |", "| `LOCKSTEP_TRACE` |", "explains LOCKSTEP_TRACE, which is no setting"),
        (DOCS, "| `LOCKSTEP_DATABASE_POOL` | `5` |", "| `LOCKSTEP_DATABASE_POOL` | `20` |", "it is `5`"),
        (DOCS, "`LOCKSTEP_BIND`", "`LOCKSTEP_ADDRESS`", "does not name LOCKSTEP_BIND"),
        (DOCS, "`lockstep verify-audit --all`", "`lockstep verify-audits`", "No such command"),
        (DOCS, "`lockstep retry --cause CAUSE`", "`lockstep retry --because CAUSE`", "No such option"),
        (DOCS, "`deploy/backup.sh FOLDER`", "`deploy/copy.sh FOLDER`", "deploy/copy.sh, which is not there"),
        (DOCS, "docker compose ps temporal", "docker compose ps tempo-ral", "is no service"),
        (DOCS, "--scale outside-worker=3", "--scale postgres=3", "can't be scaled"),
        (DOCS, "(#rotate-keys)", "(#rotate)", "links to #rotate, which is not there"),
    ],
)
def test_a_fault_of_boards_rules_or_document_is_found(
    tmp_path: Path, file: str, old: str, new: str, fault: str
) -> None:
    found = faults(planter(tmp_path)(file, old, new))
    assert any(fault in each for each in found), found


def test_a_query_is_read_for_what_it_names() -> None:
    query = read('sum by (stage, le) (rate(a_bucket{stage=~"paid|x", at!="y"}[5m])) / max(b) > 0.5 or c')
    assert query.names == {"a_bucket", "b", "c"}
    assert query.series[0] == ("a_bucket", (("stage", "paid|x"), ("at", "y")))
    assert query.grouped_by == ("stage", "le")


@pytest.mark.parametrize("text", ["sum(a", "sum(a))", "a{b}", "a{b=c}", "median(a)", "a{b='c'}", "(a}"])
def test_a_query_that_is_none_is_a_slip(text: str) -> None:
    with pytest.raises(Slip):
        read(text)
