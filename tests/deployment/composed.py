"""docker-compose.yml as an engine would read it: anchors merged, variables filled in, missing ones refused."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from tests.deployment.deployed import Deployment

VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
Node = dict[str, Any]
KEY = base64.b64encode(b"k" * 32).decode()
ANSWERS = {  # for every variable that has no default
    "POSTGRES_PASSWORD": "p0",
    "LOCKSTEP_DB_PASSWORD": "p1",
    "TEMPORAL_DB_PASSWORD": "p2",
    "MONITOR_DB_PASSWORD": "p3",
    "GRAFANA_ADMIN_PASSWORD": "p4",
    "LOCKSTEP_RECORD_KEY": KEY,
    "LOCKSTEP_PAYLOAD_KEYS": f"k1:{KEY}",
    "LOCKSTEP_PUBLIC_URL": "https://orders.example.com",
    "LOCKSTEP_WAREHOUSE_URL": "https://warehouse.example.com",
    "LOCKSTEP_WAREHOUSE_TOKEN": "t",
    "LOCKSTEP_WAREHOUSE_SECRETS": KEY,
    "ALERT_WEBHOOK_URL": "https://pager.example.com/hook",
}


class Missing(Exception):
    """A variable without a default that nobody sets."""


class _NoKeyTwice(yaml.CSafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - theirs
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = {str(key) for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{', '.join(twice)} is there twice, line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """YAMLError also for a key that stands twice in one mapping."""
    return yaml.load(text, _NoKeyTwice)  # noqa: S506 - it is a safe loader


def fill(value: Any, environment: Mapping[str, str]) -> Any:
    """Raises Missing."""
    if isinstance(value, dict):
        return {key: fill(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, environment) for each in value]
    return VARIABLE.sub(lambda found: _filled(found, environment), value) if isinstance(value, str) else value


def _filled(found: re.Match[str], environment: Mapping[str, str]) -> str:
    said = environment.get(found["name"], "")
    if said:
        return said
    if found["kind"] == "-":
        return str(found["rest"])
    raise Missing(f"{found['name']}: {found['rest']}")


def seconds(duration: str) -> float:
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", duration))


@dataclass(frozen=True)
class Service:
    name: str
    node: Node

    @property
    def image(self) -> str:
        return str(self.node["image"])

    @property
    def is_ours(self) -> bool:
        return "build" in self.node

    @property
    def is_worker(self) -> bool:
        return self.command[:1] == ["worker"]

    @property
    def is_once(self) -> bool:
        """It ends by itself, and others wait for its end."""
        return self.node.get("restart") == "on-failure"

    @property
    def command(self) -> list[str]:
        return list(self.node.get("command", []))

    @property
    def environment(self) -> dict[str, str | None]:
        return dict(self.node.get("environment", {}))

    @property
    def mounts(self) -> Iterator[tuple[str, str]]:
        """What is mounted (a file or folder of ours, or a volume's name) and where in the container."""
        for each in self.node.get("volumes", []):
            source, target, *_ = each.split(":")
            yield source, target

    @property
    def published(self) -> dict[str, str]:
        """Port in the container -> address and port outside."""
        outside = (each.rsplit(":", 1) for each in self.node.get("ports", []))
        return {inside: address for address, inside in outside}

    def stays_seconds(self) -> float:
        return seconds(self.node.get("stop_grace_period", "10s"))


@dataclass(frozen=True)
class Composition:
    deployed: Deployment

    @cached_property
    def raw(self) -> Node:
        """With variables as they are written."""
        found: Node = read_yaml(self.deployed.text("docker-compose.yml"))
        return found

    @cached_property
    def node(self) -> Node:
        filled: Node = fill({key: part for key, part in self.raw.items() if not key.startswith("x-")}, ANSWERS)
        return filled

    @cached_property
    def services(self) -> dict[str, Service]:
        return {name: Service(name, node) for name, node in self.node["services"].items()}

    @property
    def ours(self) -> list[Service]:
        return [each for each in self.services.values() if each.is_ours]

    @property
    def workers(self) -> list[Service]:
        return [each for each in self.services.values() if each.is_worker]

    def file_in(self, service: Service, path: str) -> str | None:
        """Which file of ours the container sees at this path, from the repository's root; None: there is none."""
        for source, target in service.mounts:
            if source.startswith("./") and (path == target or path.startswith(f"{target}/")):
                name = source.removeprefix("./") + path.removeprefix(target)
                return name if (self.deployed.folder / name).exists() else None
        return None
