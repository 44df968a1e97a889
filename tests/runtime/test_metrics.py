"""Metrics come out under the names, labels and kinds that the registry promises: boards and alerts rely on it."""

import re
from datetime import timedelta

from domain.case import Cause
from runtime import metric_names as names
from runtime.metric_names import METRICS, SERIES, Kind
from runtime.metrics import UNCOLLECTED, Metrics, Reading
from tests.builders import ORDER_ID
from tests.collected import Collected


def everything(metrics: Metrics) -> None:
    metrics.message("alipay", "payment.notice", "refused", "signature")
    metrics.message("alipay", "payment.notice", "accepted", None)
    metrics.request(0.004, "POST", "/webhooks/alipay", 200)
    metrics.attempt(0.3, "warehouse.push", done=True)
    metrics.attempt(0.3, "warehouse.push", done=False)
    metrics.order_placed(ORDER_ID)
    metrics.order_paid(timedelta(seconds=0.07))
    metrics.order_pushed(timedelta(hours=2), attended=True)
    metrics.case_opened(Cause.PUSH_FAILED)
    metrics.reminded("case")
    gauges = [each for each in METRICS if each.kind is Kind.GAUGE]
    metrics.standing = lambda: [Reading(each, ("x",) * len(each.labels), 3) for each in gauges]


def test_every_metric_comes_out_under_its_promised_name_and_labels(collected: Collected) -> None:
    everything(collected.metrics)
    labels: dict[str, set[str]] = {}
    for name, pairs in collected.samples():
        labels.setdefault(name, set()).update(label for label, _ in pairs if label != "le")
    promised = {series: set(metric.labels) for metric in METRICS for series in metric.series}
    assert labels == promised
    assert set(promised) == SERIES


def test_what_happened_is_counted_and_timed_under_its_labels(collected: Collected) -> None:
    everything(collected.metrics)
    refused = {"source": "alipay", "kind": "payment.notice", "verdict": "refused", "reason": "signature"}
    assert collected.value("lockstep_messages_total", **refused) == 1
    assert collected.value("lockstep_attempts_total", step="warehouse.push", outcome="failed") == 1
    assert collected.value("lockstep_step_seconds_count", step="warehouse.push") == 2
    assert collected.value("lockstep_notice_to_paid_seconds_bucket", le="0.05") == 0
    assert collected.value("lockstep_notice_to_paid_seconds_bucket", le="0.1") == 1
    assert collected.value("lockstep_paid_to_warehouse_seconds_sum", attended="yes") == 7200
    assert collected.value("lockstep_cases_opened_total", cause="push_failed") == 1
    assert collected.value("lockstep_reminders_total", what="case") == 1


def test_gauges_show_the_last_look_and_nothing_when_there_is_none(collected: Collected) -> None:
    assert collected.value("lockstep_backlog", what="outbox") is None
    collected.metrics.standing = lambda: [Reading(names.BACKLOG, ("outbox",), 7)]
    assert collected.value("lockstep_backlog", what="outbox") == 7
    collected.metrics.standing = tuple
    assert collected.value("lockstep_backlog", what="outbox") is None


def test_clocks_that_differ_make_no_negative_time(collected: Collected) -> None:
    collected.metrics.order_paid(timedelta(seconds=-5))
    assert collected.value("lockstep_notice_to_paid_seconds_sum") == 0
    assert collected.value("lockstep_notice_to_paid_seconds_count") == 1


def test_where_nobody_collects_nothing_happens() -> None:
    everything(UNCOLLECTED)


def test_names_follow_the_usual_style() -> None:
    assert len({each.name for each in METRICS}) == len(METRICS)
    for each in METRICS:
        assert re.fullmatch(r"lockstep_[a-z_]+", each.name), each.name
        assert each.name.endswith("_total") == (each.kind is Kind.COUNTER), each.name
        assert each.name.endswith("_seconds") or each.kind is not Kind.HISTOGRAM, each.name
        assert each.says.endswith("."), each.name
