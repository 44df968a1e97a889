"""The brake on outgoing money, and its caps."""

from typing import Annotated

import typer

from api.money_bodies import MoneyAnswer
from cli.endings import BAD_USAGE, WRONG, run, stop
from cli.show import Json, print_json, print_table
from cli.surroundings import By, RecordSettings, open_record, read
from domain.brake import Brake, Said
from domain.caps import Cap, Loosening, Per, loosens
from domain.errors import BrakeRefused, InvalidMoney, SecondPersonNeeded
from domain.money import Money
from persistence import access, brake, caps
from persistence.brake import Waiting
from persistence.caps import Standing
from persistence.engine import Connection
from ports.clock import SystemClock

money_commands = typer.Typer(help="The brake on outgoing money, and its caps.", no_args_is_help=True)
SCOPE = "money:write"
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the cap, such as daily-alipay.")]
Reason = Annotated[str, typer.Option(help="Why; it goes into the audit log.")]
OwnToken = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="LOCKSTEP_TOKEN",
        prompt="Your own API token",
        hide_input=True,
        help=f"Of the person who acts, with the scope {SCOPE}; better in LOCKSTEP_TOKEN, or asked for.",
    ),
]

LooseningToken = Annotated[
    str | None,
    typer.Option("--token", envvar="LOCKSTEP_TOKEN", help=f"To let more leave: your own, with the scope {SCOPE}."),
]


@money_commands.command("status")
def status(*, as_json: Json = False) -> None:
    """Whether money may leave, who stopped it and why, the caps, and how much waits."""
    found, waiting, standing = run(_status(read(RecordSettings)))
    if as_json:
        print_json(MoneyAnswer.of(found, waiting, standing).model_dump(mode="json"))
        return
    typer.echo(found.in_words)
    if standing:
        print_table(
            ("cap", "gone", "until", "waits for a second person"),
            [(each.cap, each.gone, f"{each.ends:%Y-%m-%d %H:%M %Z}", each.asked or "") for each in standing],
        )
    if waiting:
        print_table(("held by", "refunds", "amount"), [(each.held, each.refunds, each.amount) for each in waiting])


async def _status(settings: RecordSettings) -> tuple[Brake, tuple[Waiting, ...], tuple[Standing, ...]]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await brake.load(db), await brake.waiting(db), await caps.standing(db, SystemClock().now())


@money_commands.command("cap")
def cap(
    name: Name,
    amount: Annotated[str, typer.Argument(help="The most that may leave, such as 20000.00.")],
    *,
    per: Annotated[Per, typer.Option(help="In which time.")],
    policy: Annotated[str | None, typer.Option(help="Of refunds that this policy approved only.")] = None,
    provider: Annotated[str | None, typer.Option(help="By this provider only, such as alipay.")] = None,
    currency: str = "CNY",
    zone: Annotated[str, typer.Option("--time-zone", help="Where the day begins.")] = "Asia/Shanghai",
    by: By,
    token: LooseningToken = None,
) -> None:
    """Set a cap, or change it: what is over it waits, and looks again by itself. Two people let more leave."""
    try:
        wanted = Cap(name, per, Money.from_decimal(amount, currency), policy, provider, zone)
    except InvalidMoney as wrong:
        stop(BAD_USAGE, str(wrong))
    _tell(run(_changed(read(RecordSettings), name, wanted, by, token)), str(wanted))


@money_commands.command("uncap")
def uncap(name: Name, *, token: OwnToken) -> None:
    """Remove a cap: what waits for it goes on by itself. The first person asks, a second one confirms."""
    _tell(run(_changed(read(RecordSettings), name, None, "", token)), f"{name} is no cap any more")


def _tell(waits: Loosening | None, done: str) -> None:
    typer.echo(done if waits is None else f"{waits}: a second person says the same, with his own token")


async def _changed(
    settings: RecordSettings, name: str, wanted: Cap | None, by: str, secret: str | None
) -> Loosening | None:
    """Whoever has a shell here may tighten a cap; who loosens one is known by his token."""
    async with open_record(settings) as engine, engine.begin() as db:
        now = SystemClock().now()
        before = next((each.cap for each in await caps.standing(db, now) if each.cap.name == name), None)
        if before is not None and loosens(before, wanted):
            by = await person_of(db, secret or "")
        try:
            return await (caps.set_cap(db, wanted, by, now) if wanted else caps.remove_cap(db, name, by, now))
        except SecondPersonNeeded as refused:
            stop(WRONG, str(refused))


@money_commands.command("stop")
def stop_money(*, reason: Reason, by: By) -> None:
    """From now on no refund's money leaves. What waits keeps its number, and nothing fails."""
    run(_stop(read(RecordSettings), by, reason))
    typer.echo("all money is stopped; two people release it: lockstep money resume")


async def _stop(settings: RecordSettings, by: str, reason: str) -> Brake:
    async with open_record(settings) as engine, engine.begin() as db:
        return await brake.stop(db, Said(by, reason, SystemClock().now()))


@money_commands.command("resume")
def resume_money(*, reason: Reason, token: OwnToken) -> None:
    """Let money leave again: the first person asks, a second one confirms, each with his own token."""
    after = run(_resume(read(RecordSettings), token, reason))
    typer.echo("asked for: a second person confirms" if after.is_on else "released: what waited goes on by itself")


async def _resume(settings: RecordSettings, secret: str, reason: str) -> Brake:
    async with open_record(settings) as engine, engine.begin() as db:
        person = await person_of(db, secret)
        try:
            return await brake.resume(db, Said(person, reason, SystemClock().now()))
        except BrakeRefused as refused:
            stop(WRONG, str(refused))


async def person_of(db: Connection, secret: str) -> str:
    """Whose token it is; ends the command for anybody else's."""
    token = await access.find_token(db, secret.strip())
    if token is None or token.person is None or SCOPE not in token.scopes:
        stop(WRONG, f"this takes a person's own token with the scope {SCOPE}: lockstep token create --person")
    return token.person
