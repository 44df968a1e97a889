"""Cases: what waits for a person, one decision, and the same decision for many."""

from typing import Annotated, Any

import typer

from cli.endings import AWAY, BAD_USAGE, WRONG, run, stop
from cli.retrying import Item, retry_all, retryable
from cli.show import Json, print_json, print_table
from cli.surroundings import RecordSettings, open_record, read
from domain.case import CaseDecision, Cause, Choice
from domain.reference import OrderId
from domain.reminders import in_words
from persistence.case_list import CaseRow, Page, UnreadableCursor, Wanted, list_cases
from ports.clock import SystemClock

CauseOption = Annotated[Cause | None, typer.Option(help="Only cases of this cause.")]
OwnerOption = Annotated[str | None, typer.Option(help="Only cases of this owner, such as finance or warehouse.")]
OrderOption = Annotated[str | None, typer.Option(help="Only cases of this order, such as shop/tea/1001.")]
Overdue = Annotated[bool, typer.Option("--overdue", help="Only cases whose time is up.")]


def wanted(cause: Cause | None, owner: str | None, order: str | None, *, overdue: bool) -> Wanted:
    return Wanted(
        cause=cause,
        owner=owner,
        order_id=None if order is None else str(OrderId.parse(order)),
        due_before=SystemClock().now() if overdue else None,
    )


def cases(
    *,
    cause: CauseOption = None,
    owner: OwnerOption = None,
    order: OrderOption = None,
    overdue: Overdue = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    cursor: Annotated[str | None, typer.Option(help="The next page: `next_cursor` of the one before.")] = None,
    as_json: Json = False,
) -> None:
    """Open cases, those due first."""
    page = run(_page(cause, owner, order, overdue=overdue, limit=limit, cursor=cursor))
    if as_json:
        print_json({"cases": page.cases, "next_cursor": page.following})
        return
    print_cases(page.cases)
    if page.following is not None:
        typer.echo(f"there are more: --cursor {page.following}")


async def _page(
    cause: Cause | None, owner: str | None, order: str | None, *, overdue: bool, limit: int, cursor: str | None
) -> Page:
    asked = wanted(cause, owner, order, overdue=overdue)
    async with open_record(read(RecordSettings)) as engine, engine.connect() as db:
        try:
            return await list_cases(db, asked, limit, cursor)
        except UnreadableCursor:
            stop(BAD_USAGE, "--cursor is not one that a page gave")


def print_cases(found: list[CaseRow]) -> None:
    rows = [
        (
            *(each.id, each.due_at, each.owner, each.cause, each.order_id, each.detail, ", ".join(each.choices)),
            in_words(each.reminders),
        )
        for each in found
    ]
    print_table(("case", "due", "owner", "cause", "order", "detail", "choices", "told"), rows)


def decide(
    case: Annotated[str, typer.Argument(metavar="CASE")],
    *,
    choice: Annotated[Choice, typer.Option(help="What to do; `lockstep cases` says what the case allows.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why; it goes into the audit log.")],
    second_person: Annotated[str | None, typer.Option(help="Who agrees: needed to skip.")] = None,
    outside_shipment_no: Annotated[str | None, typer.Option(help="Under which it left: needed to skip.")] = None,
    outside_payment_no: Annotated[str | None, typer.Option(help="Under which money went elsewhere.")] = None,
    as_json: Json = False,
) -> None:
    """Decide one case: the order that waits for it goes on."""
    from cli.deciding import Answer, decide_one  # noqa: PLC0415 - Temporal is slow to load, most commands need none

    decision = CaseDecision(case, choice, by, reason, second_person, outside_shipment_no, outside_payment_no)
    answer: Answer = run(decide_one(decision))
    if not answer.accepted:
        stop(AWAY if answer.away else BAD_USAGE if answer.incomplete else WRONG, answer.sentence)
    if as_json:
        print_json({"case": case, "order": answer.order_id, "stage": answer.stage})
    else:
        typer.echo(answer.sentence)


def retry(
    *,
    cause: CauseOption = None,
    owner: OwnerOption = None,
    order: OrderOption = None,
    overdue: Overdue = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")] = False,
    by: Annotated[str | None, typer.Option(help="Who decides: needed with --yes.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it goes into the audit log.")] = "retried in bulk",
    per_second: Annotated[float, typer.Option(min=0.01, max=100, help="At most so many retries a second.")] = 2.0,
    as_json: Json = False,
) -> None:
    """Retry many cases at once: first look, then the same command with --yes."""
    if yes and not (by or "").strip():
        stop(BAD_USAGE, "--yes needs --by: the audit log must say who decided")
    found = run(_retryable(cause, owner, order, overdue=overdue))
    if not yes:
        _preview(found, as_json=as_json)
        return
    items = run(retry_all(found, by or "", reason, per_second))
    _print_items(items, as_json=as_json)
    if any(not item.accepted for item in items):
        raise typer.Exit(AWAY if all(item.away for item in items if not item.accepted) else WRONG)


async def _retryable(cause: Cause | None, owner: str | None, order: str | None, *, overdue: bool) -> list[CaseRow]:
    asked = wanted(cause, owner, order, overdue=overdue)
    async with open_record(read(RecordSettings)) as engine, engine.connect() as db:
        return await retryable(db, asked)


def _preview(found: list[CaseRow], *, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": True, "cases": found})
        return
    print_cases(found)
    typer.echo(f"{len(found)} cases would be retried; add --yes --by NAME to do it")


def _print_items(items: list[Item], *, as_json: bool) -> None:
    done = sum(item.accepted for item in items)
    if as_json:
        data: dict[str, Any] = {"dry_run": False, "accepted": done, "failed": len(items) - done, "items": items}
        print_json(data)
        return
    rows = [(item.case_id, item.order_id, "accepted" if item.accepted else "FAILED", item.sentence) for item in items]
    print_table(("case", "order", "result", "what"), rows)
    typer.echo(f"{done} of {len(items)} accepted")
