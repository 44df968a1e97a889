"""Who has to approve which refund."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from api.policy_bodies import PolicyAnswer, PolicyFile
from cli.endings import WRONG, run, stop
from cli.files import JsonFile, read_file
from cli.show import Json, print_json, print_table
from cli.surroundings import By, RecordSettings, open_record, read
from domain.errors import PolicyRefused
from domain.policy import REFUNDS, Policy
from domain.route import Route
from persistence import policies
from persistence.policies import Saved
from persistence.policy_saving import save_policy
from persistence.policy_trials import Trial, past_refunds, try_policy
from ports.clock import SystemClock

policy_commands = typer.Typer(help="Who has to approve which refund.", no_args_is_help=True)
SHOWN_CASES = 20


@policy_commands.command("show")
def show(
    policy: Annotated[str, typer.Argument(metavar="ID")] = REFUNDS,
    *,
    version: Annotated[int | None, typer.Option(min=0, help="The one that holds, when not given.")] = None,
    as_json: Json = False,
) -> None:
    """One policy. What --json prints can be mended, checked and saved."""
    saved = run(_find(read(RecordSettings), policy, version))
    if saved is None:
        stop(WRONG, f"there is no policy {policy}" + ("" if version is None else f" version {version}"))
    shown = PolicyAnswer.of(saved)
    if as_json:
        print_json(shown.model_dump(mode="json"))
        return
    typer.echo(f"{shown.id} version {shown.version}, {f'saved by {shown.saved_by}' if shown.saved_by else 'shipped'}")
    for number, sentence in enumerate(shown.in_words, start=1):
        typer.echo(f"{number}. {sentence}")


async def _find(settings: RecordSettings, policy: str, version: int | None) -> Saved | None:
    async with open_record(settings) as engine, engine.connect() as db:
        return await policies.find(db, policy, version)


@policy_commands.command("check")
def check(file: JsonFile, *, as_json: Json = False) -> None:
    """What saving it would be refused for; if nothing, what would have become of the refunds of the past."""
    policy = read_file(PolicyFile, file).policy()
    trials = run(_try(read(RecordSettings), policy))
    differing = [trial for trial in trials if trial.differs]
    stuck = [trial for trial in trials if trial.then.stuck]
    if as_json:
        print_json({"cases": len(trials), "differing": len(differing), "stuck": len(stuck)})
        return
    typer.echo(f"it can be saved. Of {len(trials)} past refunds {len(differing)} go another way, {len(stuck)} nowhere")
    if differing:
        rows = [(each.case.name, each.case.facts.amount, _who(each.now), _who(each.then)) for each in differing]
        print_table(("refund", "counted", "now", "then"), rows[:SHOWN_CASES])


def _who(found: Route | None) -> str:
    if found is None:
        return ""
    return found.stuck or ", then ".join(" or ".join(step.signers) for step in found.steps)


async def _try(settings: RecordSettings, policy: Policy) -> list[Trial]:
    async with open_record(settings) as engine, engine.connect() as db:
        with in_lines():
            return await try_policy(db, policy, await past_refunds(db))


@policy_commands.command("save")
def save(file: JsonFile, *, by: By) -> None:
    """It holds from now on, for new approvals. A `version` in the file: refused if it is not the one that holds."""
    wanted = read_file(PolicyFile, file)
    saved = run(_save(read(RecordSettings), wanted, by))
    typer.echo(f"{saved.id} version {saved.version} holds")


async def _save(settings: RecordSettings, wanted: PolicyFile, by: str) -> Policy:
    async with open_record(settings) as engine, engine.begin() as db:
        with in_lines():
            return await save_policy(db, wanted.policy(), by, SystemClock().now(), based_on=wanted.version)


@contextmanager
def in_lines() -> Iterator[None]:
    """A refused policy has many wrong places: a line for each."""
    try:
        yield
    except PolicyRefused as refused:
        stop(WRONG, "the policy cannot be saved:\n" + "\n".join(map(str, refused.findings)))
