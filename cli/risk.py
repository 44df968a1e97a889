"""Money that waits for somebody, and what is open without anybody."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from pydantic import Field

from api.risk_bodies import RiskPage
from cli.endings import WRONG, run
from cli.show import Json, print_json, print_table
from cli.surroundings import RecordSettings, open_record, read
from domain.limits import Limits
from domain.money_at_risk import OpenThing
from domain.reminders import Reminder, in_words
from persistence import money_at_risk, reminders
from ports.clock import SystemClock

Told = Mapping[str, Sequence[Reminder]]
"""By a thing's id."""


class RiskSettings(RecordSettings):
    """When something is due depends on these."""

    limits: Limits = Limits()
    time_scale: float = Field(default=1.0, gt=0)

    @property
    def scaled_limits(self) -> Limits:
        return self.limits.scaled(self.time_scale)


def risk(
    *, limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100, as_json: Json = False
) -> None:
    """Open stages of refunds and open cases with money, the most urgent first."""
    found, told = run(_at_risk())
    if as_json:
        print_json(RiskPage.of(found, limit, told).model_dump(mode="json"))
        return
    _print(found[:limit], told)
    if len(found) > limit:
        typer.echo(f"{len(found) - limit} more: --limit {len(found)}")


def orphans(*, as_json: Json = False) -> None:
    """Open refunds, tasks, legs and cases without next action, owner or due time: exit code 1 if there are any."""
    found = run(_orphans())
    if as_json:
        print_json(RiskPage.of(found, len(found), {}).model_dump(mode="json"))
    elif found:
        rows = [(each.id, each.about, each.order_id, ", ".join(each.lacks)) for each in found]
        print_table(("what", "about", "order", "lacks"), rows)
    else:
        typer.echo("everything open has next action, owner and due time")
    if found:
        raise typer.Exit(WRONG)


def _print(found: list[OpenThing], told: Told) -> None:
    rows = [
        (
            *(each.due_at, each.amount, each.owner, each.about, each.id, each.order_id, each.next_action),
            in_words(told.get(each.id, ())),
        )
        for each in found
    ]
    print_table(("due", "amount", "owner", "about", "what", "order", "next action", "told"), rows)


async def _at_risk() -> tuple[list[OpenThing], Told]:
    settings = read(RiskSettings)
    async with open_record(settings) as engine, engine.connect() as db:
        found = await money_at_risk.money_at_risk(db, SystemClock().now(), settings.scaled_limits)
        return found, await reminders.told_of(db, found)


async def _orphans() -> list[OpenThing]:
    settings = read(RiskSettings)
    async with open_record(settings) as engine, engine.connect() as db:
        return await money_at_risk.orphans(db, settings.scaled_limits)
