"""Whether docs/operations.md speaks of what there is: settings with their defaults, commands, files, services."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from domain.case import Cause
from runtime.config import Settings
from runtime.starting import NOT_IN_SETTINGS
from tests.deployment.composed import VARIABLE, Composition
from tests.deployment.deployed import Deployment, command_faults
from tests.deployment.settings_checks import variables

OPERATIONS = "docs/operations.md"
ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>[^|]*) \|", re.MULTILINE)
NOT_FOR_OPERATORS = {"LOCKSTEP_API_URL", "LOCKSTEP_TOKEN"}  # options of commands, told by their --help
SAID_OTHERWISE = {"LOCKSTEP_LIMITS", "LOCKSTEP_NEWS", "LOCKSTEP_WAREHOUSE_SECRETS"}  # it takes more than a word
EXAMPLES = {"CAUSE": str(Cause.PUSH_FAILED), "ORDER": "shop/tea/1001", "NAME": "lin", "...": "orders:read"}


def docs_faults(deployed: Deployment) -> list[str]:
    checks = (_settings, _compose_variables, _commands, _files, _services, _anchors)
    return [fault for check in checks for fault in check(deployed)]


def _settings(deployed: Deployment) -> Iterator[str]:
    rows = {row["name"]: row["default"] for row in ROW.finditer(deployed.text(OPERATIONS))}
    known = {**variables(Settings), **dict.fromkeys(NOT_IN_SETTINGS, False)}
    for name in known.keys() - rows.keys() - NOT_FOR_OPERATORS:
        yield f"{OPERATIONS} does not explain {name}"
    for name in rows.keys() - known.keys():
        yield f"{OPERATIONS} explains {name}, which is no setting"
    for name, default in _defaults().items():
        if name in rows and name not in SAID_OTHERWISE and rows[name] != default:
            yield f"{OPERATIONS} says {name} is {rows[name]} by default, it is {default}"


def _defaults() -> dict[str, str]:
    found = {}
    for variable, field in zip(variables(Settings), Settings.model_fields.values(), strict=True):
        value = field.default
        plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        if field.is_required():
            found[variable] = "required"
        elif plain in (None, "", ()):
            found[variable] = "none"
        else:
            found[variable] = f"`{str(plain).lower() if isinstance(plain, bool | Enum) else plain}`"
    return found


def _compose_variables(deployed: Deployment) -> Iterator[str]:
    """What .env may say beside our settings."""
    text = deployed.text(OPERATIONS)
    for found in VARIABLE.finditer(deployed.text("docker-compose.yml")):
        if f"`{found['name']}`" not in text:
            yield f"{OPERATIONS} does not name {found['name']}"


def _commands(deployed: Deployment) -> Iterator[str]:
    """In a document arguments may be left out; what is there must be right."""
    for said in re.findall(r"`(lockstep [a-z][^`]*)`", deployed.text(OPERATIONS)):
        words = [EXAMPLES.get(word, word) for word in said.split()]
        for fault in command_faults(words):
            if "Missing parameter" not in fault and "Usage:" not in fault:
                yield f"{OPERATIONS}: {fault}"


def _files(deployed: Deployment) -> Iterator[str]:
    text = deployed.text(OPERATIONS)
    for name in set(re.findall(r"`?\b((?:deploy|docs|tests|domain)/[\w./-]*\w)", text)):
        if not (deployed.folder / name).exists() and not (Path(__file__).parents[2] / name).exists():
            yield f"{OPERATIONS} names {name}, which is not there"
    for name in set(re.findall(r"\]\((\w[\w-]*\.md)\)", text)):
        if not (Path(__file__).parents[2] / "docs" / name).exists():
            yield f"{OPERATIONS} links to {name}, which is not there"


def _services(deployed: Deployment) -> Iterator[str]:
    services = Composition(deployed).services
    text = deployed.text(OPERATIONS) + "".join(
        deployed.text(f"deploy/{name}.sh") for name in ("nightly", "backup", "new-env")
    )
    for said in re.findall(
        r"docker compose (?:exec|run|restart|logs|up -d|ps)((?: --?[\w-]+)*)((?: [a-z][\w-]*)?)", text
    ):
        name = said[1].strip()
        if name and name not in services and name not in ("temporal", "sh"):
            yield f"{name} is no service"
    for name in re.findall(r"--scale ([\w-]+)=", text):
        if name not in services or not services[name].is_worker:
            yield f"{name} can't be scaled"


def _anchors(deployed: Deployment) -> Iterator[str]:
    text = deployed.text(OPERATIONS)
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^##+ (.+)$", text, re.MULTILINE)}
    for anchor in re.findall(r"\]\(#([\w-]+)\)", text):
        if anchor not in titles:
            yield f"{OPERATIONS} links to #{anchor}, which is not there"
