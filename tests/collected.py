"""Metrics as Prometheus would read them of a process, inside a test."""

from collections.abc import Iterator

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from runtime.metrics import Metrics


class Collected:
    """Metrics, and what Prometheus would read of them."""

    def __init__(self, registry: CollectorRegistry, metrics: Metrics) -> None:
        self._registry = registry
        self.metrics = metrics

    def samples(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        families = text_string_to_metric_families(generate_latest(self._registry).decode())
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples().get((name, tuple(sorted(labels.items()))))


@pytest.fixture
def collected() -> Iterator[Collected]:
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False, registry=registry)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    yield Collected(registry, Metrics(provider.get_meter("lockstep")))
    provider.shutdown()
