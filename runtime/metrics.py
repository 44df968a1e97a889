"""What is counted and timed, in business words. Where nobody collects, each of these costs a call that does nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from opentelemetry.metrics import CallbackOptions, Meter, NoOpMeter, Observation

from domain.case import Cause
from domain.reference import OrderId
from ports.measures import Measures
from runtime import metric_names as names
from runtime.metric_names import METRICS, SECONDS, Kind, Metric


@dataclass(frozen=True)
class Reading:
    """How one thing stands; `labels` in the order in which the metric names them."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


class Metrics(Measures):
    """`standing` is asked for the gauges whenever somebody collects, in the collector's thread."""

    def __init__(self, meter: Meter) -> None:
        of = {kind: [each for each in METRICS if each.kind is kind] for kind in Kind}
        # The exporter appends `_total` itself, as OpenTelemetry names counters without it.
        self._counters = {
            each: meter.create_counter(each.name.removesuffix("_total"), description=each.says)
            for each in of[Kind.COUNTER]
        }
        self._histograms = {
            each: meter.create_histogram(each.name, "s", each.says, explicit_bucket_boundaries_advisory=SECONDS)
            for each in of[Kind.HISTOGRAM]
        }
        for each in of[Kind.GAUGE]:
            meter.create_observable_gauge(each.name, [partial(self._observed, each)], description=each.says)
        self.standing: Callable[[], Iterable[Reading]] = tuple

    def _observed(self, metric: Metric, _: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(each.value, dict(zip(metric.labels, each.labels, strict=True)))
            for each in self.standing()
            if each.metric is metric
        ]

    def _count(self, metric: Metric, *labels: str) -> None:
        self._counters[metric].add(1, dict(zip(metric.labels, labels, strict=True)))

    def _time(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Two machines' clocks may differ: nothing takes less than no time."""
        self._histograms[metric].record(max(0.0, seconds), dict(zip(metric.labels, labels, strict=True)))

    def message(self, source: str, kind: str, verdict: str, reason: str | None) -> None:
        self._count(names.MESSAGES, source, kind, verdict, reason or "")

    def request(self, seconds: float, method: str, route: str, status: int) -> None:
        self._time(names.REQUEST_SECONDS, seconds, method, route, str(status))

    def attempt(self, seconds: float | None, step: str, *, done: bool) -> None:
        """Without `seconds` for one whose age says nothing."""
        if seconds is not None:
            self._time(names.STEP_SECONDS, seconds, step)
        self._count(names.ATTEMPTS, step, "done" if done else "failed")

    def order_placed(self, order_id: OrderId) -> None:
        self._count(names.ORDERS_PLACED, order_id.channel, order_id.shop_id)

    def order_paid(self, after: timedelta) -> None:
        self._time(names.NOTICE_TO_PAID, after.total_seconds())

    def order_pushed(self, after: timedelta, *, attended: bool) -> None:
        self._time(names.PAID_TO_WAREHOUSE, after.total_seconds(), "yes" if attended else "no")

    def case_opened(self, cause: Cause) -> None:
        self._count(names.CASES_OPENED, cause)

    def reminded(self, what: str) -> None:
        self._count(names.REMINDERS, what)


UNCOLLECTED = Metrics(NoOpMeter("lockstep"))
