"""Undoing in bulk what another system did wrongly: `lockstep undo`."""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.undo_bodies import ItemAnswer, PlanAnswer, WholePlanAnswer
from cli.endings import BAD_USAGE, run, stop
from cli.money import OwnToken, Reason, person_of
from cli.show import Json, print_json, print_table
from cli.surroundings import RecordSettings, open_record, read
from domain.brake import Said
from domain.errors import InvalidMoney, UndoRefused
from domain.money import Money
from domain.undo import Plan, Trade
from persistence import undo
from persistence.undo import KnownItem
from ports.clock import SystemClock

undo_commands = typer.Typer(help="Give back what another system charged wrongly, in bulk.", no_args_is_help=True)
COLUMNS = ("provider", "account", "trade_no", "out_trade_no", "amount", "currency", "paid_at")
PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="As `lockstep undo list` shows it.")]
TradeFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help=f"CSV: {','.join(COLUMNS)}.")
]
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="Paid then or later.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="Paid before.")]


@undo_commands.command("find")
def find(
    file: TradeFile,
    *,
    reason: Reason,
    since: Moment = None,
    until: Until = None,
    token: OwnToken,
    as_json: Json = False,
) -> None:
    """Look at the trades of a bill or of another system: which charged a buyer twice. Nothing moves yet."""
    before, after = since or datetime.min.replace(tzinfo=UTC), until or datetime.max.replace(tzinfo=UTC)
    trades = [each for each in _read(file) if before <= each.paid_at < after]
    _show(*run(_find(read(RecordSettings), trades, reason, token)), as_json=as_json)


async def _find(
    settings: RecordSettings, trades: list[Trade], reason: str, secret: str
) -> tuple[Plan, tuple[KnownItem, ...]]:
    async with open_record(settings) as engine, engine.begin() as db:
        said = Said(await person_of(db, secret), reason, SystemClock().now())
        try:
            plan = await undo.find(db, trades, said)
        except UndoRefused as refused:
            stop(BAD_USAGE, str(refused))
        return plan, await undo.items(db, plan.id)


@undo_commands.command("list")
def list_plans(*, as_json: Json = False) -> None:
    """Plans, the newest first."""
    found = run(_list(read(RecordSettings)))
    if as_json:
        print_json([PlanAnswer.of(each).model_dump(mode="json") for each in found])
        return
    rows = [(each.id, each.trades, _amounts(each), each.found.by, each.found.at, _standing(each)) for each in found]
    print_table(("plan", "trades", "amount", "found by", "at", "stands"), rows)


async def _list(settings: RecordSettings) -> tuple[Plan, ...]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await undo.plans(db)


@undo_commands.command("show")
def show(plan: PlanId, *, as_json: Json = False) -> None:
    """What would be undone, what is left out and why; once released, how far each trade is."""
    _show(*run(_load(read(RecordSettings), plan)), as_json=as_json)


async def _load(settings: RecordSettings, plan_id: str) -> tuple[Plan, tuple[KnownItem, ...]]:
    async with open_record(settings) as engine, engine.connect() as db:
        try:
            return await undo.load(db, plan_id), await undo.items(db, plan_id)
        except LookupError as unknown:
            stop(BAD_USAGE, str(unknown))


@undo_commands.command("release")
def release(
    plan: PlanId,
    version: Annotated[str, typer.Option(help="Of the plan that you looked at.")],
    *,
    reason: Reason,
    token: OwnToken,
) -> None:
    """By a second person, who may decide on all of it: then the trades are undone one after the other."""
    from cli.undoing import release_plan  # noqa: PLC0415 - Temporal is slow to load, most commands need none

    try:
        after: Plan = run(release_plan(plan, version, reason, token))
    except LookupError as unknown:
        stop(BAD_USAGE, str(unknown))
    typer.echo(f"released: {after.trades} trades, {_amounts(after)}; lockstep undo show {plan}")


@undo_commands.command("cancel")
def cancel(plan: PlanId, *, reason: Reason, token: OwnToken) -> None:
    """What was told to an order goes on; nothing more is told."""
    run(_cancel(read(RecordSettings), plan, reason, token))
    typer.echo("cancelled: what was told to an order goes on, nothing more is told")


async def _cancel(settings: RecordSettings, plan_id: str, reason: str, secret: str) -> None:
    async with open_record(settings) as engine, engine.begin() as db:
        said = Said(await person_of(db, secret), reason, SystemClock().now())
        try:
            await undo.cancel(db, plan_id, said)
        except LookupError as unknown:
            stop(BAD_USAGE, str(unknown))


def _read(file: Path) -> Iterator[Trade]:
    """Ends the command at the first line that is not as it must be."""
    with file.open(newline="", encoding="utf-8-sig") as opened:
        rows = csv.DictReader(opened)
        if missing := [each for each in COLUMNS if each not in (rows.fieldnames or ())]:
            stop(BAD_USAGE, f"{file.name}: lacks the columns {', '.join(missing)}")
        for number, row in enumerate(rows, start=2):
            try:
                yield _trade({name: (row[name] or "").strip() for name in COLUMNS})
            except (InvalidMoney, ValueError) as wrong:
                stop(BAD_USAGE, f"{file.name}, line {number}: {wrong}")


def _trade(row: dict[str, str]) -> Trade:
    if empty := [name for name, value in row.items() if not value]:
        raise ValueError(f"{', '.join(empty)} is empty")
    paid_at = datetime.fromisoformat(row["paid_at"])
    if paid_at.tzinfo is None:
        raise ValueError(f"paid_at {row['paid_at']}: say the zone, such as 2026-11-22T10:00:00+08:00")
    amount = Money.from_decimal(row["amount"], row["currency"])
    if amount.amount_minor <= 0:
        raise ValueError(f"amount {row['amount']}: a trade is of more than nothing")
    return Trade(row["provider"], row["account"], row["trade_no"], row["out_trade_no"], amount, paid_at)


def _show(plan: Plan, items: tuple[KnownItem, ...], *, as_json: bool) -> None:
    if as_json:
        whole = WholePlanAnswer(items=[ItemAnswer.of(each) for each in items], **PlanAnswer.of(plan).model_dump())
        print_json(whole.model_dump(mode="json"))
        return
    counts = Counter(each.found.verdict for each in items)
    typer.echo(f"plan {plan.id}, version {plan.version}: {plan.trades} trades, {_amounts(plan)}; {_standing(plan)}")
    print_table(("verdict", "trades"), sorted(counts.items()))
    wrong = [(each, each.found.trade) for each in items if each.found.is_wrong]
    rows = [(each.number, trade.order_id, trade.trade_no, trade.amount, outcome(each)) for each, trade in wrong]
    print_table(("", "order", "trade", "amount", "so far"), rows)


def outcome(item: KnownItem) -> str:
    if item.is_back:
        return f"back, {item.refund_no or item.found.trade.trade_no}"
    if item.stage is not None:
        return f"{item.stage}, refund {item.refund_id}"
    return f"{item.state}: {item.said}" if item.said else str(item.state)


def _standing(plan: Plan) -> str:
    if plan.cancelled is not None:
        return f"cancelled by {plan.cancelled.by}"
    return f"released by {plan.released.by}" if plan.released else "a second person releases it"


def _amounts(plan: Plan) -> str:
    return ", ".join(map(str, plan.totals)) or "nothing"
