"""docker-compose.yml and all it mounts, held against the code. No engine runs here: these checks stand for one."""

from pathlib import Path

import pytest
import yaml

from tests.deployment.compose_checks import compose_faults
from tests.deployment.composed import ANSWERS, Composition, read_yaml
from tests.deployment.deployed import ROOT, Deployment, planter
from tests.deployment.settings_checks import refused_without, settings_faults
from tests.deployment.wiring_checks import wiring_faults

COMPOSE = "docker-compose.yml"


def faults(deployed: Deployment) -> list[str]:
    composition = Composition(deployed)
    return [*compose_faults(composition), *settings_faults(composition), *wiring_faults(composition)]


def test_the_composition_is_as_it_should_be() -> None:
    assert faults(Deployment(ROOT)) == []


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_nothing_begins_without_an_answer(name: str) -> None:
    assert refused_without(Composition(Deployment(ROOT)), name)


PROMETHEUS, OTEL, TEMPO = "deploy/prometheus/prometheus.yml", "deploy/otel/otel.yaml", "deploy/tempo/tempo.yaml"
DATABASES, PROVISIONING = "deploy/postgres/10-databases.sh", "deploy/grafana/provisioning"


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        # what runs, and whether it is what we test with
        (COMPOSE, "grafana/grafana:13.1.1", "grafana/grafana:latest", "not pinned"),
        (COMPOSE, "postgres:16.14-bookworm", "postgres:18.4-bookworm", "Postgres 16 is tested"),
        (COMPOSE, "temporalio/server:1.32.0", "temporalio/server:1.31.0", "temporal: 1.31.0, but"),
        (COMPOSE, "admin-tools:1.32.0", "admin-tools:1.31.0", "temporal-schema: 1.31.0, but"),
        (COMPOSE, "temporalio/ui:2.54.1", "temporalio/ui:2.50.0", "temporal-ui: 2.50.0, but"),
        (COMPOSE, "lockstep:0.1.0", "lockstep:0.2.0", "but this is 0.1.0"),
        (COMPOSE, "[api, --host, 0.0.0.0]", "[api, --hots, 0.0.0.0]", "No such option: --hots"),
        (COMPOSE, "command: [worker]", "command: [work]", "No such command"),
        (COMPOSE, "  read_only: true\n  tmpfs", "  tmpfs", "could write into itself"),
        # health and order
        (COMPOSE, "--only, workers, --here]", "--only, workers]", "that of other workers too"),
        (COMPOSE, "[CMD, lockstep, health, --only, api]", "[CMD, lockstep, healthy]", "healthy"),
        (COMPOSE, "[CMD, nc, -z", "[CMD, curl, -z", "curl is not known"),
        (COMPOSE, "test: [CMD, wget", "test: [CMD-SHELL, wget", "needs a shell"),
        (
            COMPOSE,
            "      temporal-schema: {cond",
            "      temporal-schemas: {cond",
            "temporal-schemas, which is not there",
        ),
        (
            COMPOSE,
            "migrate: {condition: service_completed_successfully}",
            "migrate: {condition: service_started}",
            "wait",
        ),
        (COMPOSE, "  namespace: {condition: service_completed_successfully}\n", "", "before namespace has ended"),
        (COMPOSE, "stop_grace_period: 50s", "stop_grace_period: 40s", "may drain for 40"),
        (COMPOSE, "stop_grace_period: 40s  # requests", "stop_grace_period: 10s  # requests", "may drain for 30"),
        (COMPOSE, "restart: unless-stopped", 'restart: "no"', "nobody starts it again"),
        (COMPOSE, 'limits: {cpus: "2", memory: 2G}', 'limits: {cpus: "2"}', "may take all of the machine"),
        (COMPOSE, "max-size: 10m, ", "", "may fill the disk"),
        # what is open to whom
        (
            COMPOSE,
            "      LOCKSTEP_QUEUES: orders,refunds\n",
            '      LOCKSTEP_QUEUES: orders,refunds\n    ports: ["1:1"]\n',
            "no second one",
        ),
        (COMPOSE, "  api:\n", "  api:\n    container_name: api\n", "no second one"),
        (COMPOSE, "    shm_size", '    ports: ["127.0.0.1:5432:5432"]\n    shm_size', "open to the outside"),
        (COMPOSE, "${LOCKSTEP_BIND:-127.0.0.1}:8000", "8000", "by default it is open"),
        # settings and secrets
        (COMPOSE, "${POSTGRES_PASSWORD:?set it in .env}", "secret", "POSTGRES_PASSWORD must be asked for"),
        (COMPOSE, "GRAFANA_ADMIN_PASSWORD:?set it in .env", "GRAFANA_ADMIN_PASSWORD:-admin", "has a default"),
        (COMPOSE, "LOCKSTEP_SHOP_LISTENERS", "LOCKSTEP_SHOP_LISTENER", "is no setting of"),
        (COMPOSE, "  LOCKSTEP_LIMITS:\n", "", "nobody can set LOCKSTEP_LIMITS"),
        (
            COMPOSE,
            "  LOCKSTEP_RECORD_KEY: ${LOCKSTEP_RECORD_KEY:?set it in .env}\n",
            "",
            "it needs LOCKSTEP_RECORD_KEY",
        ),
        (COMPOSE, "_METRICS_ADDRESS: 0.0.0.0:9464", '_METRICS_ADDRESS: "9464"', "it would not start"),
        (COMPOSE, "LOCKSTEP_QUEUES: payments,warehouse,outbox", "LOCKSTEP_QUEUES: payments", "warehouse is not served"),
        (COMPOSE, "LOCKSTEP_QUEUES: orders", "LOCKSTEP_QUEUES: orders,rumours", "rumours is not one of ours"),
        ("deploy/new-env.sh", "\nMONITOR_DB_PASSWORD=", "\nMONITOR_PASSWORD=", "says nothing of MONITOR_DB_PASSWORD"),
        # who finds whom
        (
            COMPOSE,
            "TEMPORAL_ADDRESS: temporal:7233",
            "TEMPORAL_ADDRESS: temporal:7234",
            "temporal does not listen at 7234",
        ),
        (COMPOSE, "@postgres:5432/lockstep\n", "@database:5432/lockstep\n", "database:5432 is no service"),
        (COMPOSE, ":8081:8081", ":8081:8082", "nothing listens at its port 8082"),
        (COMPOSE, ":8080:8080", ":8090:8080", "is not where temporal-ui is published"),
        (COMPOSE, ":8081:8081", ":8091:8081", "is not where codec-server is published"),
        (COMPOSE, "TEMPORAL_CORS_ORIGINS: *ui-url", "TEMPORAL_CORS_ORIGINS: http://x", "do not agree"),
        (COMPOSE, 'INCLUDE_CREDENTIALS: "true"', 'INCLUDE_CREDENTIALS: "false"', "sign-in"),
        (COMPOSE, "./deploy/tempo/tempo.yaml:", "./deploy/tempo/tempos.yaml:", "is mounted and not there"),
        (
            COMPOSE,
            "/etc/lockstep/otel.yaml]",
            "/etc/lockstep/otel.yml]",
            "nothing is mounted at /etc/lockstep/otel.yml",
        ),
        (COMPOSE, "  boards:\n", "", "the volume boards is named in one place only"),
        ("deploy/alertmanager/alertmanager.yml", "/alert_webhook_url", "/webhook", "does not read where alerts go"),
        ("deploy/temporal/dynamicconfig.yaml", "value: 200", "value: 20", "dynamic configuration is"),
        (PROMETHEUS, "order-worker, ", "", "Prometheus does not read order-worker:9464"),
        (PROMETHEUS, "port: 9465", "port: 9466", ":9466, where nothing is"),
        (PROMETHEUS, "alertmanager:9093", "alerts:9093", "alerts:9093 is no service"),
        (PROMETHEUS, "/etc/lockstep/alerts.yml", "/etc/lockstep/alert.yml", "where nothing is mounted"),
        (OTEL, "processors: [memory_limiter, batch]", "processors: [batches]", "uses batches, which is not among"),
        (OTEL, "tempo:4317", "tempo:4318", "tempo does not listen at 4318"),
        (OTEL, "0.0.0.0:4318", "0.0.0.0:4317", "the collector listens at 4317"),
        (OTEL, "processors: [], exporters: [nop]", "processors: [], exporters: []", "counted twice, or refused"),
        (TEMPO, "0.0.0.0:4317", "0.0.0.0:4319", "Tempo listens at"),
        (f"{PROVISIONING}/datasources/lockstep.yaml", "prometheus:9090", "prometheus:9091", "does not listen at 9091"),
        (f"{PROVISIONING}/dashboards/lockstep.yaml", "/etc/lockstep/dashboards", "/etc/boards", "looks for boards"),
        (DATABASES, "create database temporal owner temporal", "create database temporal owner lockstep", "owners"),
        (DATABASES, "create role monitor ", "create role watcher ", "nobody makes the role monitor"),
        ("deploy/temporal/schema.sh", "SQL_DATABASE=temporal_visibility", "SQL_DATABASE=visibility", "tables are made"),
    ],
)
def test_a_fault_of_the_composition_is_found(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    found = faults(planter(tmp_path)(file, old, new))
    assert any(fault in each for each in found), found


def test_a_key_that_stands_twice_is_no_composition() -> None:
    with pytest.raises(yaml.YAMLError, match="api is there twice"):
        read_yaml("services:\n  api: {}\n  api: {}\n")
