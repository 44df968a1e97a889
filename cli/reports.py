"""What a month was like."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.endings import BAD_USAGE, run, stop
from cli.show import Json, print_json, print_table
from cli.surroundings import RecordSettings, open_record, read
from persistence.refund_times import RefundTimes, refund_times

report_commands = typer.Typer(help="What a month was like.", no_args_is_help=True)
Month = Annotated[str, typer.Option(help="Such as 2026-11, in UTC.")]


@report_commands.callback()
def reports() -> None:
    """What a month was like."""


@report_commands.command("refunds")
def refunds(*, month: Month, as_json: Json = False) -> None:
    """How long refunds took that went back as a whole in this month, from the request to the money."""
    found = run(_times(read(RecordSettings), *_ends_of(month)))
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        columns = ("channel", "goods came back", "refunds", "mean h", "p50 h", "p90 h", "within 18 h", "rated", "score")
        print_table(columns, [_row(each) for each in found])


def _row(each: RefundTimes) -> tuple[str, ...]:
    hours = (f"{number:.2f}" for number in (each.mean_hours, each.p50_hours, each.p90_hours))
    came_back = "yes" if each.goods_came_back else "no"
    score = "" if each.score is None else f"{each.score:.2f}"
    return each.channel, came_back, str(each.refunds), *hours, f"{each.within_18_hours:.1%}", str(each.rated), score


async def _times(settings: RecordSettings, begin: datetime, end: datetime) -> list[RefundTimes]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await refund_times(db, begin, end)


def _ends_of(month: str) -> tuple[datetime, datetime]:
    try:
        begin = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
    except ValueError:
        stop(BAD_USAGE, f"{month!r} is no month, such as 2026-11")
    return begin, (begin + timedelta(days=32)).replace(day=1)
