"""Whether each program of ours gets the settings it needs, and none that it does not know."""

import re
from collections.abc import Iterator, Mapping

import pytest
from pydantic_settings import BaseSettings

from cli.surroundings import CodecSettings, RecordSettings
from runtime.config import Settings, TemporalSettings
from runtime.starting import WrongSettings, read_all_settings, read_settings
from tests.deployment.composed import ANSWERS, VARIABLE, Composition, Missing, Service, fill
from workflows import identity

READS: dict[str, type[BaseSettings]] = {
    "migrate": RecordSettings,
    "namespace": TemporalSettings,
    "codec-server": CodecSettings,
    "api": Settings,
    "worker": Settings,
}
NOT_SAID = {
    "TEMPORAL_API_KEY": "this Temporal is inside",
    "TEMPORAL_TLS": "this Temporal is inside",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "this Temporal is inside",
    "TEMPORAL_TLS_SERVER_NAME": "this Temporal is inside",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "this Temporal is inside",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "this Temporal is inside",
    "LOCKSTEP_TEMPORAL_RETENTION_DAYS": "only the job that makes the namespace reads it",
    "LOCKSTEP_TIME_SCALE": "for the demo",
}
OWN = re.compile(r"LOCKSTEP_|TEMPORAL_|DATABASE_URL")


def variables(kind: type[BaseSettings]) -> dict[str, bool]:
    """Each variable the settings read -> whether it must be there."""
    found = {}
    for name, field in kind.model_fields.items():
        aliases = getattr(field.validation_alias, "choices", None)
        found[str(aliases[0]) if aliases else f"LOCKSTEP_{name.upper()}"] = field.is_required()
    return found


def settings_faults(composition: Composition) -> list[str]:
    try:
        services = composition.ours
    except Missing as missing:
        return [f"{missing}: who answers that?"]
    return [
        *(f"{service.name}: {fault}" for service in services for fault in _of(service)),
        *_queues(composition),
        *_env_script(composition),
    ]


def _of(service: Service) -> Iterator[str]:
    kind = READS.get(service.command[0])
    if kind is None:
        yield f"nobody knows which settings {service.command[0]} reads"
        return
    known = variables(kind)
    if not service.is_worker:
        known.pop("LOCKSTEP_QUEUES", None)
    for name in service.environment:
        if name not in known:
            yield f"{name} is no setting of `lockstep {service.command[0]}`"
    for name, required in known.items():
        if required and name not in service.environment:
            yield f"it needs {name}"
        elif name not in service.environment and name not in NOT_SAID and kind is Settings:
            yield f"nobody can set {name}"
    if said := read_as(kind, {name: text for name, text in service.environment.items() if text is not None}):
        yield said


def read_as(kind: type[BaseSettings], environment: Mapping[str, str]) -> str:
    """What the program itself would say of this environment; empty when it is content."""
    with pytest.MonkeyPatch.context() as patch:
        for name in variables(kind):
            patch.delenv(name, raising=False)
        for name, text in environment.items():
            patch.setenv(name, text)
        try:
            read_all_settings() if kind is Settings else read_settings(kind)
        except WrongSettings as wrong:
            return f"it would not start: {wrong}"
    return ""


def _queues(composition: Composition) -> Iterator[str]:
    served = [queue for each in composition.workers for queue in str(each.environment["LOCKSTEP_QUEUES"]).split(",")]
    for queue in set(identity.TASK_QUEUES) ^ set(served):
        yield f"the task queue {queue} is {'not served' if queue not in served else 'not one of ours'}"


def _env_script(composition: Composition) -> Iterator[str]:
    """What must be answered, `deploy/new-env.sh` writes or asks for."""
    script = composition.deployed.text("deploy/new-env.sh")
    for found in VARIABLE.finditer(composition.deployed.text("docker-compose.yml")):
        if found["kind"] == "?" and not re.search(rf"^{found['name']}=", script, re.MULTILINE):
            yield f"deploy/new-env.sh says nothing of {found['name']}"
        if found["kind"] == "?" and found["name"] not in ANSWERS:
            yield f"the tests know no answer for {found['name']}"


def refused_without(composition: Composition, name: str) -> bool:
    """Whether compose would not even begin without this answer."""
    try:
        fill(composition.raw, {key: text for key, text in ANSWERS.items() if key != name})
    except Missing as missing:
        return str(missing).startswith(f"{name}: ")
    return False
