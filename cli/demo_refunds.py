"""The refunds of the demo's hour: what we have of them beside what the providers' own ledgers say."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from rich.table import Table

from persistence.news import NewsCounts
from persistence.refund_report import Cycle, RefundCounts

ASKS = {"alipay": "alipay.trade.refund", "wechatpay": "refund"}
"""By provider, the call that asks for money back."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class ProviderLedgers:
    """`refunds`: those that moved money. `unequal`: numbers that were asked for with two kinds of parameters."""

    refunds: int
    back_minor: int
    numbers: int
    calls: int
    most_calls: int
    unequal: int

    @property
    def calls_per_number(self) -> float:
        return self.calls / self.numbers if self.numbers else 0.0


def provider_ledgers(dump: Mapping[str, Any]) -> ProviderLedgers:
    """Of both providers together."""
    moved = [each for name in ASKS for each in dump[name]["refunds"] if each["done_at"] is not None]
    asked: dict[str, list[str]] = defaultdict(list)
    for name, ask in ASKS.items():
        for call in dump[name]["calls"]:
            if call["method"] == ask:
                asked[f"{name}/{call['out_refund_no']}"].append(call["parameters"])
    return ProviderLedgers(
        refunds=len(moved),
        back_minor=sum(each["amount_minor"] for each in moved),
        numbers=len(asked),
        calls=sum(map(len, asked.values())),
        most_calls=max(map(len, asked.values()), default=0),
        unequal=sum(len(set(parameters)) > 1 for parameters in asked.values()),
    )


@dataclass(frozen=True)
class RefundFigures:
    """`at_gateway`: messages that it delivered. `time_scale`: how many times faster than real time the hour passed."""

    counts: RefundCounts
    ledgers: ProviderLedgers
    cycle: Cycle | None
    news: NewsCounts
    at_gateway: int
    time_scale: float

    @property
    def hours(self) -> dict[str, float] | None:
        """Mean, p50 and p90 in hours of the hour's own time."""
        if self.cycle is None:
            return None
        return {name: took * self.time_scale / HOUR for name, took in vars(self.cycle).items()}

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        of_providers = asdict(self.ledgers) | {"calls_per_number": self.ledgers.calls_per_number}
        return {**asdict(self.counts), "providers": of_providers, "cycle_hours": self.hours, "news": self._news()}

    def _news(self) -> dict[str, int]:
        return {**asdict(self.news), "at_gateway": self.at_gateway}

    def rows(self) -> list[tuple[str, str, str]]:
        counts, ledgers = self.counts, self.ledgers
        same = "all with equal parameters" if not ledgers.unequal else f"[bold red]{ledgers.unequal} UNEQUAL[/]"
        rows = [
            ("refunds", "asked for, of these by itself", f"{counts.asked}, {counts.by_itself}"),
            ("", "paid back", str(counts.paid_back)),
            ("", "refused, of these at once with the maximum", f"{counts.refused}, {counts.refused_at_once}"),
            ("", "withdrawn", str(counts.withdrawn)),
            ("", "waiting", str(counts.waiting)),
            ("money back", "legs here / refunds in the providers' ledgers", f"{counts.legs_done} / {ledgers.refunds}"),
            ("", "CNY here / at the providers", f"{counts.back_minor / 100:.2f} / {ledgers.back_minor / 100:.2f}"),
            ("", "calls for each number: mean, most", f"{ledgers.calls_per_number:.2f}, {ledgers.most_calls}"),
            ("", f"{ledgers.numbers} numbers", same),
            ("reminders", "sent to superiors", str(counts.reminders)),
            ("people told", "pieces of news, of these waiting", f"{self.news.written}, {self.news.waiting}"),
            ("", "messages sent / in the gateway's ledger", f"{self.news.messages} / {self.at_gateway}"),
        ]
        if (hours := self.hours) is not None:
            shown = " / ".join(f"{each:.2f}" for each in hours.values())
            rows.append(("request to money", "mean / p50 / p90", f"{shown} h, as the hour's clock has it"))
        return rows


def add_refunds(table: Table, figures: RefundFigures) -> None:
    for row in figures.rows():
        table.add_row(*row)
    table.add_section()
