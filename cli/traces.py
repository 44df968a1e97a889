"""One order's story from notice to warehouse, with the ids that its log lines, audit entries and spans bear."""

import typer

from cli.endings import WRONG, run, stop
from cli.orders import OneOrder
from cli.show import Json, print_json, print_table
from cli.surroundings import RecordSettings, open_record, read
from domain.reference import OrderId
from persistence.traces import Story, story


def trace(order: OneOrder, *, as_json: Json = False) -> None:
    """What came in for an order, what each message caused, and how long that took: no collector is needed."""
    found = run(_story(read(RecordSettings), order))
    if not found.traces:
        stop(WRONG, f"nothing is known of order {order}")
    if as_json:
        print_json(found)
        return
    for each in found.traces:
        rows = [
            (at.at, f"{at.seconds:.3f}", f"{at.after:.3f}", at.what, at.who, at.outcome or at.transaction_id)
            for at in each.happenings
        ]
        columns = ("at", "s", "after", "what", "by", "verdict or transaction")
        print_table(columns, rows, title=f"trace {each.trace_id or 'unknown: tracing was off'}")
    for name, seconds in (
        ("notice to paid", found.notice_to_paid),
        ("paid to warehouse", found.paid_to_warehouse),
        ("notice to warehouse", found.notice_to_warehouse),
    ):
        typer.echo(f"{name:20} {'not yet' if seconds is None else f'{seconds:.3f} s'}")


async def _story(settings: RecordSettings, order: str) -> Story:
    order_id = OrderId.parse(order)
    async with open_record(settings) as engine, engine.connect() as db:
        return await story(db, str(order_id))
