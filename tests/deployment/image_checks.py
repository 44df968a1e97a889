"""What is wrong with the image, by reading it: no engine builds it here."""

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch

from tests.deployment.deployed import ROOT, Deployment, Instruction, command_faults

BASE = re.compile(r"python:(?P<minor>3\.\d+)\.\d+-slim-[a-z]+")
BESIDE_THE_PRODUCT = {"sandbox", "verify", "benchmarks", "drill"}  # the pretend world, the verifier, measurements
FETCHES = re.compile(r"\b(apt-get|apk|curl|wget|git clone|gcc|make|uv)\b")


def image_faults(deployed: Deployment) -> list[str]:
    checks = (_base, _installs, _sources, _user, _programs, _lock)
    return [fault for check in checks for fault in check(deployed)]


def _base(deployed: Deployment) -> Iterator[str]:
    arguments = dict(each.text.split("=", 1) for each in deployed.instructions if each.name == "ARG")
    tested = tomllib.loads(deployed.text("pyproject.toml"))["tool"]["mypy"]["python_version"]
    for each in deployed.instructions:
        if each.name != "FROM":
            continue
        image = re.sub(r"\$\{(\w+)\}", lambda name: arguments.get(name[1], ""), each.text.split(" AS ")[0])
        found = BASE.fullmatch(image)
        if found is None:
            yield f"FROM {image}: pin python:3.x.y-slim-suite"
        elif found["minor"] != tested:
            yield f"FROM {image}: what is checked is Python {tested}"


def _installs(deployed: Deployment) -> Iterator[str]:
    runs = [each.text for each in deployed.instructions if each.name == "RUN"]
    installs = [run for run in runs if re.search(r"\bpip\b.*\binstall\b", run)]
    if not any("-r requirements.lock" in run for run in installs):
        yield "nothing installs requirements.lock"
    for run in installs:
        for option in ("--require-hashes", "--only-binary :all:"):
            if option not in run:
                yield f"pip install without {option}"
    for run in runs:
        if fetched := FETCHES.search(run):
            yield f"{fetched[0]} brings what nobody pinned"
    if not any("compileall" in run and "unchecked-hash" in run for run in runs):
        yield "no bytecode: each workflow would compile its file anew"
    last = [each.text for each in deployed.stages[-1] if each.name == "RUN"]
    if any(re.search(r"\bpip\b", run) for run in last):
        yield "the final layer installs"


def _sources(deployed: Deployment) -> Iterator[str]:
    copied = [source for source, _ in _copies(deployed.instructions)]
    let_in = _let_in(deployed.text(".dockerignore"))
    for source in copied:
        if not (deployed.folder / source).exists() and not (ROOT / source).exists():
            yield f"COPY {source}: there is no such file"
        if not any(source == each or source.startswith(f"{each}/") for each in let_in):
            yield f"COPY {source}: .dockerignore keeps it out"
    found = tomllib.loads(deployed.text("pyproject.toml"))["tool"]["setuptools"]["packages"]["find"]["include"]
    product = {each.removesuffix("*") for each in found} - BESIDE_THE_PRODUCT
    for missing in sorted(product - set(copied)):
        yield f"the package {missing} is not in the image"
    for foreign in sorted({"tests", *BESIDE_THE_PRODUCT} & {*copied, *let_in}):
        yield f"{foreign} has no place in the image"
    for secret in (".env", ".git", ".data"):
        if any(fnmatch(secret, each) for each in let_in):
            yield f".dockerignore lets {secret} in"


def _copies(instructions: list[Instruction]) -> Iterator[tuple[str, str]]:
    for each in instructions:
        if each.name == "ADD":
            yield each.text, ""
        elif each.name == "COPY" and "--from=" not in each.text:
            *sources, target = [word for word in each.text.split() if not word.startswith("--")]
            for source in sources:
                yield source, target


def _let_in(ignored: str) -> set[str]:
    """Only what is named: `.dockerignore` must begin by keeping everything out."""
    lines = [line for line in ignored.splitlines() if line and not line.startswith("#")]
    return {line[1:] for line in lines if line.startswith("!")} if lines[:1] == ["*"] else {"*", *lines}


def _user(deployed: Deployment) -> Iterator[str]:
    last = deployed.stages[-1]
    users = [each.text for each in last if each.name == "USER"]
    if not users or not users[-1].isdigit() or users[-1] == "0":
        yield "the last USER is not a number other than 0: Kubernetes can't tell that it is not root"
    elif f"--uid {users[-1]}" not in " ".join(each.text for each in last if each.name == "RUN"):
        yield f"nobody makes the user {users[-1]}"


def _programs(deployed: Deployment) -> Iterator[str]:
    last = {each.name: each for each in deployed.stages[-1]}
    entry = last["ENTRYPOINT"].list_form if "ENTRYPOINT" in last else None
    if entry != ["lockstep"]:
        yield 'ENTRYPOINT is not ["lockstep"]: a shell would keep SIGTERM for itself'
    command = last["CMD"].list_form if "CMD" in last else None
    yield from command_faults(["lockstep", *(command or ["?"])])
    options, _, check = last["HEALTHCHECK"].text.partition("CMD ") if "HEALTHCHECK" in last else ("", "", "")
    healthy = Instruction("CMD", check).list_form
    if healthy is None or healthy[:2] != ["lockstep", "health"]:
        yield "HEALTHCHECK does not ask `lockstep health` as a list"
    else:
        yield from command_faults(healthy)
    for option in ("--interval=", "--timeout=", "--start-period=", "--retries="):
        if option not in options:
            yield f"HEALTHCHECK leaves {option} to chance"
    launcher = deployed.text("deploy/image/lockstep").splitlines()
    if launcher[0] != "#!/opt/lockstep/venv/bin/python":
        yield "the launcher does not start the image's own Python"
    module, function = tomllib.loads(deployed.text("pyproject.toml"))["project"]["scripts"]["lockstep"].split(":")
    if f"from {module} import {function}" not in launcher:
        yield "the launcher is not the lockstep command of pyproject.toml"


def _lock(deployed: Deployment) -> Iterator[str]:
    """The image's lock is whole and holds no more than the product needs; development has the same versions."""
    image, development = (pins(deployed.text(name)) for name in ("requirements.lock", "requirements-dev.lock"))
    project = tomllib.loads(deployed.text("pyproject.toml"))["project"]
    extras = [name for group in project["optional-dependencies"].values() for name in map(distribution, group)]
    for name in map(distribution, project["dependencies"]):
        if name not in image:
            yield f"requirements.lock lacks {name}"
    for name in set(extras) - {"lockstep"}:
        if name in image:
            yield f"requirements.lock brings {name} into the image"
        if name not in development:
            yield f"requirements-dev.lock lacks {name}"
    for name, version in image.items():
        if development.get(name) != version:
            yield f"{name} is {version} in the image and {development.get(name)} where it is tested"


def pins(lock: str) -> dict[str, str]:
    return {
        name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", lock, re.MULTILINE)
    }


def distribution(wanted: str) -> str:
    """`psycopg[binary]>=3.3` is psycopg."""
    return re.split(r"[^A-Za-z0-9_.-]", wanted, maxsplit=1)[0].lower()
