"""Whether the services find each other: ports, files that are mounted, and what one configuration says of another."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import typer

from cli.main import app
from runtime.embedded import temporal as development_server
from tests.deployment.composed import Composition, Service, read_yaml

LISTENS = {  # where the programs of others listen, by their documentation
    "postgres": {5432},
    "temporal": {7233, 9090},
    "temporal-ui": {8080},
    "tempo": {3200, 4317},
    "postgres-exporter": {9187},
    "prometheus": {9090},
    "alertmanager": {9093},
    "grafana": {3000},
    "otel-collector": {4318, 8888},
}
ADDRESS = re.compile(r"\b(?P<host>[a-z][a-z-]+):(?P<port>\d{4,5})\b")


def wiring_faults(composition: Composition) -> list[str]:
    checks = (_addresses, _published, _files, _dynamic_config, _prometheus, _collector, _grafana, _databases)
    return [fault for check in checks for fault in check(composition)]


def default_port(command: str) -> int:
    """Of a program of ours, by its own command line."""
    group = typer.main.get_command(app)
    return next(int(each.default) for each in group.commands[command].params if each.name == "port")  # type: ignore[attr-defined]


def listens(service: Service) -> set[int]:
    if not service.is_ours:
        return LISTENS.get(service.name, set())
    served = {default_port(service.command[0])} if service.command[0] in ("api", "codec-server") else set()
    return served | metrics_ports(service)


def metrics_ports(service: Service) -> set[int]:
    told = (text for name, text in service.environment.items() if name.endswith("METRICS_ADDRESS"))
    return {int(text.rpartition(":")[2]) for text in told if text}


def _addresses(composition: Composition) -> Iterator[str]:
    """Wherever something says host:port of a service, that service is there and listens there."""
    for name in ("docker-compose.yml", *_configurations(composition)):
        text = re.sub(r"#.*", "", composition.deployed.text(name))
        for found in ADDRESS.finditer(text):
            service = composition.services.get(found["host"])
            if service is None and found["host"] not in ("localhost", "lockstep"):  # lockstep:0.1.0 is an image
                yield f"{name}: {found[0]} is no service"
            elif service and int(found["port"]) not in listens(service):
                yield f"{name}: {found['host']} does not listen at {found['port']}"


def _configurations(composition: Composition) -> list[str]:
    folder = composition.deployed.folder
    return sorted(
        str(file.relative_to(folder)) for kind in ("yml", "yaml") for file in folder.glob(f"deploy/**/*.{kind}")
    )


def _published(composition: Composition) -> Iterator[str]:
    for service in composition.services.values():
        for inside in service.published:
            if int(inside) not in listens(service):
                yield f"{service.name}: nothing listens at its port {inside}"
        for variable, told in (
            ("LOCKSTEP_TEMPORAL_UI_URL", "temporal-ui"),
            ("TEMPORAL_CODEC_ENDPOINT", "codec-server"),
        ):
            text = service.environment.get(variable)
            if text and str(urlsplit(text).port) not in {
                each.rpartition(":")[2] for each in _outside(composition, told)
            }:
                yield f"{service.name}: {variable} is not where {told} is published"
    ui, codec = composition.services["temporal-ui"].environment, composition.services["codec-server"].environment
    if ui.get("TEMPORAL_CORS_ORIGINS") != codec.get("LOCKSTEP_TEMPORAL_UI_URL"):
        yield "the Web UI and the codec endpoint do not agree where the Web UI is"
    if ui.get("TEMPORAL_CODEC_INCLUDE_CREDENTIALS") != "true":
        yield "the Web UI does not bring the operator's sign-in to the codec endpoint"


def _outside(composition: Composition, name: str) -> list[str]:
    return list(composition.services[name].published.values())


def _files(composition: Composition) -> Iterator[str]:
    """Every path of a configuration that a service is told lies in something mounted, and is there."""
    for service in composition.services.values():
        told = [*service.command, *service.node.get("entrypoint", []), *map(str, service.environment.values())]
        for path in re.findall(r"/etc/lockstep[\w./-]*", " ".join(told)):
            if composition.file_in(service, path) is None:
                yield f"{service.name}: nothing is mounted at {path}"
    config = read_yaml(composition.deployed.text("deploy/alertmanager/alertmanager.yml"))
    read = config["receivers"][0]["webhook_configs"][0]["url_file"].removeprefix("/")
    given = composition.services["alertmanager"].node.get("configs", [])
    if read not in given or read not in composition.node["configs"]:
        yield "Alertmanager does not read where alerts go"


def _dynamic_config(composition: Composition) -> Iterator[str]:
    """Temporal behaves as in tests, demo and benchmarks."""
    said = read_yaml(composition.deployed.text("deploy/temporal/dynamicconfig.yaml"))
    here = {name: entries[0]["value"] for name, entries in said.items()}
    there = dict(development_server.DYNAMIC_CONFIG)
    if here != there:
        yield f"dynamic configuration is {here}, the development server's {there}"


def _prometheus(composition: Composition) -> Iterator[str]:
    config = read_yaml(composition.deployed.text("deploy/prometheus/prometheus.yml"))
    found = [each for job in config["scrape_configs"] for each in job.get("dns_sd_configs", [])]
    read = {(name, each["port"]) for each in found for name in each["names"]}
    told = {(each.name, port) for each in composition.ours for port in metrics_ports(each)}
    for name, port in sorted(told - read):
        yield f"Prometheus does not read {name}:{port}"
    for name, port in sorted(read - told):
        yield f"Prometheus reads {name}:{port}, where nothing is"
    prometheus = composition.services["prometheus"]
    for rules in config["rule_files"]:
        if composition.file_in(prometheus, rules) is None:
            yield f"Prometheus reads rules from {rules}, where nothing is mounted"


def _collector(composition: Composition) -> Iterator[str]:
    config = read_yaml(composition.deployed.text("deploy/otel/otel.yaml"))
    for name, pipeline in config["service"]["pipelines"].items():
        for part in ("receivers", "processors", "exporters"):
            for each in pipeline[part]:
                if each not in config[part]:
                    yield f"the pipeline {name} uses {each}, which is not among the {part}"
    if "nop" not in config["service"]["pipelines"].get("metrics", {}).get("exporters", []):
        yield "metrics that a process sends are counted twice, or refused"
    receives = config["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    for service in composition.ours:
        sends = service.environment.get("LOCKSTEP_OTLP_ENDPOINT")
        if sends and str(urlsplit(sends).port) != receives:
            yield f"{service.name} sends traces to {sends}, the collector listens at {receives}"
    tempo = read_yaml(composition.deployed.text("deploy/tempo/tempo.yaml"))
    takes = {tempo["server"]["http_listen_port"], *_ports(tempo["distributor"]["receivers"])}
    if takes != LISTENS["tempo"]:
        yield f"Tempo listens at {takes}"


def _ports(receivers: dict[str, Any]) -> Iterator[int]:
    for protocols in receivers.values():
        for each in protocols["protocols"].values():
            yield int(each["endpoint"].rpartition(":")[2])


def _grafana(composition: Composition) -> Iterator[str]:
    grafana = composition.services["grafana"]
    provisioning = "deploy/grafana/provisioning"
    for name in ("datasources", "dashboards"):
        if composition.file_in(grafana, f"/etc/grafana/provisioning/{name}/lockstep.yaml") is None:
            yield f"Grafana is not given {provisioning}/{name}"
    provider = read_yaml(composition.deployed.text(f"{provisioning}/dashboards/lockstep.yaml"))["providers"][0]
    if composition.file_in(grafana, provider["options"]["path"]) is None:
        yield f"Grafana looks for boards in {provider['options']['path']}, where nothing is mounted"


def _databases(composition: Composition) -> Iterator[str]:
    """Databases and roles that are made are those that are used."""
    script = composition.deployed.text("deploy/postgres/10-databases.sh")
    owners = dict(re.findall(r"create database (\w+) owner (\w+)", script))
    temporal = composition.services["temporal"].environment
    used = {str(temporal[name]): str(temporal["POSTGRES_USER"]) for name in ("DBNAME", "VISIBILITY_DBNAME")}
    ours = urlsplit(str(composition.services["migrate"].environment["DATABASE_URL"]))
    used[ours.path.removeprefix("/")] = str(ours.username)
    if owners != used:
        yield f"databases and their owners are {owners}, used are {used}"
    schema = composition.deployed.text("deploy/temporal/schema.sh")
    made = set(re.findall(r"SQL_DATABASE=(\w+)", schema))
    if made != {str(temporal["DBNAME"]), str(temporal["VISIBILITY_DBNAME"])}:
        yield f"Temporal's tables are made in {made}"
    monitor = urlsplit(str(composition.services["postgres-exporter"].environment["DATA_SOURCE_NAME"])).username
    if f"create role {monitor} " not in script:
        yield f"nobody makes the role {monitor}"
