"""What the demo prints."""

from typing import Any

from rich.console import Console
from rich.table import Table

from cli.demo_refunds import RefundFigures, add_refunds
from persistence.trade_report import TradeReport, UnderWay

PROVIDERS = {"alipay": "Alipay", "wechatpay": "WeChat Pay"}


def progress_line(progress: dict[str, Any], under_way: UnderWay) -> str:
    outage = ", [red]warehouse out[/]" if progress["warehouse_out"] else ""
    return (
        f"placed {progress['orders_placed']}, paid {progress['trades_paid']}, notices sent {progress['notices_sent']}, "
        f"pushed {under_way.pushed}, paid but not pushed {under_way.paid_not_pushed}, "
        f"shipped {progress['shipped']}, delivered {progress['delivered']}, "
        f"refunds under way {under_way.refunds}{outage}"
    )


def print_report(
    console: Console,
    report: TradeReport,
    refunds: RefundFigures,
    killed_with: dict[str, int] | None,
    first_push_seconds: float | None,
) -> None:
    table = Table("", "what happened", "count", title="An hour of trade", show_lines=False)
    for stage, count in report.stages.items():
        table.add_row("orders", stage.replace("_", " "), str(count))
    table.add_section()
    for provider, name in PROVIDERS.items():
        told = [(words, count) for (source, *words), count in report.notices.items() if source == provider]
        table.add_row(f"notices of {name}", "received", str(sum(count for _, count in told)))
        for (verdict, reason), count in told:
            table.add_row("", f"{verdict}{f': {reason}' if reason else ''}", str(count))
        table.add_section()
    for cause, (still_open, count) in report.cases.items():
        table.add_row("cases", cause.replace("_", " "), f"{count} ({still_open} open)")
    table.add_section()
    add_refunds(table, refunds)
    if report.latency is not None:
        p50, p95, p99 = report.latency
        table.add_row("notice to warehouse", "p50 / p95 / p99", f"{p50:.2f} / {p95:.2f} / {p99:.2f} s")
    if first_push_seconds is not None:
        table.add_row("", "first order, after the command", f"{first_push_seconds:.1f} s")
    if killed_with is not None:
        words = "; ".join(name.replace("_", " ") for name in killed_with)
        table.add_row("worker killed", words, ", ".join(map(str, killed_with.values())))
    console.print(table)


def print_invariants(console: Console, invariants: list[dict[str, Any]]) -> None:
    table = Table("invariant", "held", "here", "outside", title="Checked by a program that imports nothing of Lockstep")
    for each in invariants:
        mark = "[green]yes[/]" if each["held"] else "[bold red]NO[/]"
        here, there = (str(each["evidence"][side]["count"]) for side in ("here", "there"))
        table.add_row(each["name"], mark, here, there)
    console.print(table)


def print_places(console: Console, places: dict[str, str]) -> None:
    console.print("[bold]Where to look[/]")
    for name, address in places.items():
        console.print(f"  {name}: {address}", soft_wrap=True, highlight=False)
